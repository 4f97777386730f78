import { createHash } from 'node:crypto';
import { summarySchema, type Summary } from '@touchstone/spec';
import { expect, test } from 'vitest';
import { renderReport } from './report.js';
import { answer, estimate, model, parse, sample, textOf } from './report.testing.js';

test('the page has its parts, in the order a reader wants them', () => {
  const page = parse(renderReport(sample));
  expect([...page.querySelectorAll('h1, h2')].map((h) => h.textContent)).toEqual([
    'contract-review',
    'What improved',
    'Is the judge fit?',
    'How training went',
    'Answers side by side',
    'Where the figures come from',
  ]);
  expect(textOf(page, '.verdict')).toMatch(
    /^Improved\. RFT beats SFT by \+0\.20 \[0\.16, 0\.24\].*held-out judge agrees/,
  );
  expect(textOf(page, '.gate-insufficient-data')).toMatch(
    /Too little is known of this judge.*Not enough data to tell:.*regression is not known.*checked by hand/s,
  );

  const bars = [...page.querySelectorAll('#models svg')];
  expect(bars.map((svg) => svg.getAttribute('aria-label'))).toEqual([
    'Judge score: Base 0.50 [0.46, 0.54]; SFT 0.60 [0.56, 0.64]; RFT 0.80 [0.76, 0.84].',
    'Held-out judge score: Base 0.47 [0.43, 0.51]; SFT 0.57 [0.53, 0.61]; RFT 0.77 [0.73, 0.81].',
    'JSON validity: Base 0.90 [0.86, 0.94]; SFT 0.90 [0.86, 0.94]; RFT 0.90 [0.86, 0.94].',
    'Truth score: Base no data; SFT no data; RFT no data.',
  ]);
  expect(
    [...bars[0]!.querySelectorAll('[aria-label="bar"] rect, rect')].map((r) => r.getAttribute('fill')),
  ).toEqual(['var(--base)', 'var(--sft)', 'var(--rft)']);
  expect(textOf(page, '#judge')).toContain('upper bound ≤ 0.10');
  expect(page.querySelectorAll('#training figure').length).toBe(11);
  expect(textOf(page, '#training')).toContain(
    'step 10 of 4 checkpoints, not the last, which is more than a standard error below the highest, step 8',
  );
  expect([...page.querySelectorAll('mark')].map((m) => [m.textContent, m.getAttribute('data-by')])).toEqual([
    ['due within 75 days', 'Base, RFT'],
  ]);
  expect([...page.querySelectorAll('#examples pre')].map((pre) => pre.textContent)).toEqual([
    'not json',
    '[\n  {\n    "comment_id": "1"\n  }\n]',
  ]);
  for (const table of page.querySelectorAll('table')) {
    expect(table.querySelector('caption')?.textContent).toBeTruthy();
    expect([...table.querySelectorAll('th')].every((th) => th.hasAttribute('scope'))).toBe(true);
  }
});

test('metrics are drawn in the order of the registry, and one that it does not have under its own name', () => {
  const withNew: Summary = {
    ...sample,
    models: { rft: { ...model(0.8), metrics: { later_metric: estimate(0.3), ...model(0.8).metrics } } },
    comparisons: ['later_metric', 'truth_score', 'judge_score'].map((metric) => ({
      metric,
      better: 'rft',
      baseline: 'sft',
      difference: estimate(0.2),
      silence: null,
    })),
    steps: sample.steps.map((step) => ({ ...step, metrics: { surprise: 1.5, ...step.metrics } })),
    judge: { ...sample.judge, metrics: { ...sample.judge.metrics, drift: estimate(0.1) } },
  };
  const page = parse(renderReport(withNew));
  const firstCells = (table: number): string[] =>
    [...page.querySelectorAll('#models table')[table]!.querySelectorAll('tbody tr')].map(
      (row) => row.querySelector('th')?.textContent ?? '',
    );
  expect(firstCells(0).slice(0, 6)).toEqual([
    'Judge score',
    'Held-out judge score',
    'JSON validity',
    'Truth score',
    'Judge score, best of k',
    'later_metric',
  ]);
  expect(firstCells(1)).toEqual(['Judge score', 'Truth score', 'later_metric']);
  expect([...page.querySelectorAll('#training figcaption strong')].map((title) => title.textContent)).toEqual(
    [
      'Reward',
      'Parts of the reward',
      'Answer length, tokens',
      'Zero-variance groups',
      'Abstentions, rollouts',
      'KL, nats a token',
      'Clip fraction',
      'Gradient norm',
      'Loss',
      'surprise',
      'SFT: loss',
      'SFT: validation loss',
    ],
  );
  expect(textOf(page, '#judge dl')).toMatch(/Agreement with ground truth0\.88[^D]*drift0\.10/);
});

test('the page needs nothing from outside, and its policy allows its own style sheet only', () => {
  const html = renderReport(sample);
  const page = parse(html);
  const hash = createHash('sha256').update(textOf(page, 'style')).digest('base64');
  const policy = page.querySelector('meta[http-equiv]')?.getAttribute('content');
  expect(policy).toBe(`default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`);
  expect(page.querySelectorAll('style').length).toBe(1);
  // The policy would block a style attribute, so that one here is a thing that does not show.
  expect(page.querySelectorAll('[style], [src], link, script').length).toBe(0);
  expect(html).not.toMatch(/https?:|url\(|@import/);
});

test('summaries without data render and say so', () => {
  const bare: Summary = {
    ...sample,
    models: {},
    comparisons: [],
    steps: [],
    examples: [],
    stages: [],
    judge: {
      ...sample.judge,
      findings: [],
      abstentions: {},
      metrics: { truth_agreement: null },
      heldout_id: null,
      gate: 'not-set',
      override_reason: null,
      certificate: null,
    },
    training: { ...sample.training, sft: null },
  };
  const text = parse(renderReport(bare)).querySelector('main')!.textContent!;
  expect(text).toMatch(
    /No verdict\..*its gate is off, or there is nothing to examine it on\..*No model was evaluated.*No training step.*No answers were kept/s,
  );
  expect(text).not.toMatch(/NaN|undefined|null|Infinity/);

  const nulls: Summary['models'][string] = {
    metrics: Object.fromEntries(Object.keys(model(0).metrics).map((name) => [name, null])),
    components: {},
    mean_tokens: 0,
    answers: null,
    abstained: 0,
    heldout_abstained: null,
  };
  const one = sample.steps
    .slice(0, 1)
    .map((step) => ({ ...step, metrics: { ...step.metrics, reward: null }, intervals: {}, components: {} }));
  const example = {
    task: '',
    document: '',
    reference: '',
    answers: [{ ...answer('x', ''), score: null, quotes: [], verdicts: [] }],
  };
  const thin = summarySchema.parse({
    ...sample,
    models: { base: nulls, constructor: nulls },
    steps: one,
    examples: [example],
  });
  const html = renderReport(thin);
  expect(html).not.toMatch(/NaN|undefined|Infinity/);
  expect(parse(html).querySelector('#examples')!.textContent).toContain('The answer is empty.');
});

test('what monitors have seen is listed, and marked on the curves where it is more than a note', () => {
  const alarm = (step: number, action: 'note' | 'pause') => ({
    monitor: 'markers',
    step,
    value: 0.21,
    threshold: 0.05,
    action,
    reason: '<b>hostile</b>',
  });
  const page = parse(
    renderReport({
      ...sample,
      monitor_alarms: [alarm(3, 'note'), alarm(9, 'pause')],
      resumed: [{ step: 9, reason: 'I have read the answers' }],
    }),
  );
  const dashed = [...page.querySelectorAll('#training svg')].map(
    (svg) => svg.querySelectorAll('[stroke="var(--warn)"] line, line[stroke="var(--warn)"]').length,
  );
  expect(dashed.filter((marks) => marks === 1).length).toBeGreaterThan(5);
  expect(Math.max(...dashed)).toBe(1);
  expect(textOf(page, '#training')).toMatch(/9\s*markers\s*0\.210\s*0\.05\s*pause\s*<b>hostile<\/b>/);
  expect(textOf(page, '#training')).toContain(
    'went on after step 9 although it had been paused: I have read',
  );
});
