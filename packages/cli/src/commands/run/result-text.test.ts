import type { Summary } from '@touchstone/spec';
import { expect, test } from 'vitest';
import { resultText } from './result-text.js';

const estimate = (mean: number, n = 20) => ({ mean, low: mean - 0.02, high: mean + 0.02, n });
const model = (heldout: number, silent: number, n = 20) => ({
  metrics: { judge_score: estimate(0.8), heldout_judge_score: estimate(heldout, n) },
  components: {},
  mean_tokens: 4,
  answers: 80,
  abstained: 0,
  heldout_abstained: silent,
});
const difference = { metric: 'judge_score', better: 'rft', baseline: 'base', difference: estimate(0.2) };

test('a run says of how many answers the held-out judge was silent, and of how many tasks a figure is', async () => {
  const summary = {
    data: { train_tasks: 9, eval_tasks: 20, eval_trained: false, labelled: 0 },
    models: { base: model(0.5, 0), rft: model(0.7, 46, 19) },
    comparisons: [{ ...difference, silence: null }],
    training: { checkpoint: null },
  } as unknown as Summary;
  const text = await resultText(summary);
  expect(text).toMatch(/^RFT +0\.800 \[0\.780, 0\.820\] +0\.700 \[0\.680, 0\.720\] of 19$/m);
  expect(text).toContain('over 20 held-out tasks, or of as many as it says.');
  expect(text).toContain(
    'Answers that the held-out judge has no score of: 0 of 80 of BASE, 46 of 80 of RFT.',
  );
  expect(text).not.toContain('that the judge has no score of');

  const whole = { ...summary, models: { base: model(0.5, 0), rft: model(0.7, 0) } };
  expect(await resultText(whole)).toMatch(/over 20 held-out tasks\.\nRFT beats/);
});
