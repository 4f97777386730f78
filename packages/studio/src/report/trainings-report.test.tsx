import { trainingsSummarySchema, type TrainingsSummary } from '@touchstone/spec';
import { expect, test } from 'vitest';
import { renderReport } from './report.js';
import { estimate, model, parse, sample, textOf } from './report.testing.js';

const { judge, data, versions, created, name } = sample;
const SEEDS = [1, 2, 5];
const trainings: TrainingsSummary = trainingsSummarySchema.parse({
  kind: 'trainings',
  version: 1,
  name,
  created,
  versions,
  data,
  seed: 1,
  untrained: ['base'],
  models: {
    base: model(0.5),
    rft: { ...model(0.8), metrics: { judge_score: estimate(0.8, 3) } },
    sft: model(0.6),
  },
  comparisons: [
    { metric: 'judge_score', better: 'rft', baseline: 'sft', difference: estimate(0.2, 3) },
    { metric: 'heldout_judge_score', better: 'rft', baseline: 'sft', difference: estimate(0.02, 3) },
  ],
  judge,
  trainings: SEEDS.map((seed) => ({
    seed,
    folder: `seed-${seed}`,
    models: { base: model(0.5), sft: model(0.6), rft: model(0.75 + seed / 50) },
    comparisons: sample.comparisons.map((one) => ({ ...one, difference: estimate(0.15 + seed / 50) })),
    training: sample.training,
    steps: sample.steps.map((step) => ({
      ...step,
      metrics: { reward: step.step === 6 ? null : 0.4 + step.step / 50 + seed / 100 },
    })),
    stages: sample.stages,
    alarms: seed === 2 ? ['a remark'] : [],
  })),
  alarms: ['The seeds were changed.'],
});

test('a report of several trainings says how many, shows each, and links to its own report', () => {
  const html = renderReport(trainings);
  const page = parse(html);
  expect(textOf(page, '.verdict')).toMatch(
    /^Improved, not confirmed\. Over 3 trainings on 128 tasks RFT beats SFT.*by the held-out judge that is not shown/,
  );
  expect(textOf(page, 'header .muted')).toContain('3 trainings with seeds 1, 2, 5');
  const [forest, bars] = [...page.querySelectorAll('#models svg')];
  expect(forest!.getAttribute('aria-label')).toBe(
    'Paired differences: RFT − SFT, Judge score 0.20 [0.16, 0.24]; RFT − SFT, Held-out judge score 0.02 [−0.02, 0.06]. ' +
      'By training: RFT − SFT, Judge score: +0.17, +0.19, +0.25; RFT − SFT, Held-out judge score: +0.17, +0.19, +0.25.',
  );
  expect(forest!.querySelectorAll('g[stroke="var(--rft)"] circle, circle[stroke="var(--rft)"]').length).toBe(
    6,
  );
  expect(bars!.getAttribute('aria-label')).toMatch(/^Judge score: Base 0\.50.*RFT 0\.80/);
  expect(page.querySelectorAll('#training svg').length).toBe(1);
  expect(page.querySelector('#training svg')!.getAttribute('aria-label')).toMatch(
    /seed 1 over 13 steps.*seed 2 over.*seed 5 over/,
  );
  expect([...page.querySelectorAll('#training a')].map((link) => link.getAttribute('href'))).toEqual(
    SEEDS.map((seed) => `seed-${seed}/report.html`),
  );
  expect(textOf(page, '#provenance')).toMatch(/The seeds were changed\..*seed 2: a remark.*--seeds 1,2,5/s);
  expect(html).not.toMatch(/NaN|undefined|Infinity/);
});

test('a report of one training says that it is one draw', () => {
  expect(textOf(parse(renderReport(sample)), 'header .muted')).toContain('a training is one draw');
});
