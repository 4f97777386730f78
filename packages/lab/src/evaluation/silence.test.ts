import { random } from '@touchstone/spec';
import { expect, test } from 'vitest';
import { compareModels } from './compare-models.js';
import { summariseModel } from './model-summary.js';
import { compareTrainings, summariseTrainings } from './over-trainings.js';
import type { EvaluationRecord } from './record.js';
import { summariseEvaluation } from './summarise-evaluation.js';

const TASKS = 40;

/** The judge likes what it is shown by 0.3 more; a held-out judge says nothing of the worse ones. */
const answers = (name: string, more: number, silentBelow = 0): EvaluationRecord[] =>
  Array.from({ length: TASKS }, (_, i) => {
    const draw = random(7, name, i);
    const worth = draw.next();
    return {
      taskId: `t${i}`,
      sample: 0,
      judge: 0.4 + more + 0.1 * draw.next(),
      heldout: worth < silentBelow ? null : worth,
      valid: null,
      truth: i % 2 === 0 ? null : 0.2 + more,
      tokens: null,
      components: {},
      others: { honest: 0.3 + more + 0.1 * draw.next() },
    };
  });
const base = answers('base', 0);
const rft = answers('rft', 0.3, 0.5);
const silent = rft.filter(({ heldout }) => heldout === null).length;

test('a judge whose silence may decide confirms nothing, and that is remarked on', () => {
  const { judge_swap: swaps, remarks } = summariseEvaluation({
    name: 'made',
    models: [
      { name: 'base', trainings: [base] },
      { name: 'rft', trainings: [rft] },
    ],
    bestOf: 1,
    seed: null,
    created: '',
    versions: {},
  });
  expect(swaps[0]!.judges.map(({ judge, outcome }) => [judge, outcome])).toEqual([
    ['heldout_judge_score', 'silent'],
    ['truth_score', 'holds'],
    ['honest', 'holds'],
  ]);
  const decided = remarks.filter((text) => text.includes('may decide it'));
  expect(decided).toEqual([
    expect.stringContaining(
      `rft is higher than base by heldout_judge_score where both have a score. ${silent} answers of rft and 0 of base have none`,
    ),
  ]);
});

const worst = (rivals: readonly EvaluationRecord[]): number =>
  rft.reduce((sum, { heldout }, i) => sum + (heldout ?? 0) - rivals[i]!.heldout!, 0) / TASKS;

test('a run counts the answers without a score, and has the difference at worst', () => {
  const comparisons = compareModels({ base, rft }, [['rft', 'base']]);
  const of = (metric: string): unknown => comparisons.find((one) => one.metric === metric)!.silence;
  expect(of('heldout_judge_score')).toEqual({
    better: silent,
    baseline: 0,
    worst: expect.closeTo(worst(base), 12) as number,
  });
  expect(of('judge_score')).toBeNull();
  // What has no truth is not silent.
  expect(of('truth_score')).toBeNull();
  expect(summariseModel(rft, { bestOf: 1, hasHeldout: true })).toMatchObject({
    answers: TASKS,
    abstained: 0,
    heldout_abstained: silent,
  });
  expect(summariseModel(base, { bestOf: 1 }).heldout_abstained).toBeNull();
});

test('the same of the lower model: it may be worth 1', () => {
  const [, heldout] = compareModels({ base, rft }, [['base', 'rft']]);
  expect(heldout).toMatchObject({ metric: 'heldout_judge_score', silence: { better: 0, baseline: silent } });
  expect(heldout!.silence!.worst).toBeCloseTo(-worst(base), 12);
});

test('over several trainings, and what is not trained counts once', () => {
  const quiet = base.map((one, i) => (i === 0 ? { ...one, heldout: null } : one));
  const comparisons = compareTrainings(
    [
      { base: quiet, rft },
      { base: quiet, rft },
    ],
    [['rft', 'base']],
  );
  const [, heldout] = comparisons;
  const ones = base.map((one, i) => (i === 0 ? { ...one, heldout: 1 } : one));
  expect(heldout!.silence).toMatchObject({ baseline: 1 });
  expect(heldout!.silence!.worst).toBeCloseTo(worst(ones), 12);
  expect(summariseTrainings([rft, rft], { bestOf: 1, hasHeldout: true })).toMatchObject({
    answers: 2 * TASKS,
    heldout_abstained: 2 * silent,
  });
});
