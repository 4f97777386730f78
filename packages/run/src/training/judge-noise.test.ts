import { rewardSchema } from '@touchstone/core';
import type { JudgeFinding } from '@touchstone/spec';
import { expect, it } from 'vitest';
import { noiseOf } from './judge-noise.js';

const finding = (name: string, mean: number | null): JudgeFinding => ({
  name,
  family: 'reliability',
  description: '',
  estimate: mean === null ? null : { mean, low: 0, high: 1, n: 40 },
  threshold: null,
  eased_from: null,
  outcome: 'reported',
  note: null,
});
const found = [finding('score_error', 0.1), finding('smallest_change', 0.28)];

it("is the judge's, by its share of the reward", () => {
  expect(noiseOf(rewardSchema.parse({}), found)).toEqual({ error: 0.1, smallestChange: 0.28 });
  const half = rewardSchema.parse({
    judge_weight: 0.5,
    checks: [
      { type: 'json', gate: true },
      { type: 'length', max: 9, weight: 0.5 },
    ],
  });
  expect(noiseOf(half, found)).toEqual({ error: 0.05, smallestChange: 0.14 });
});

it('is not known where nothing was measured, and where a formula makes the reward', () => {
  expect(noiseOf(rewardSchema.parse({}), [])).toBeNull();
  expect(noiseOf(rewardSchema.parse({}), [finding('score_error', null), found[1]!])).toBeNull();
  expect(noiseOf(rewardSchema.parse({ formula: { expression: 'judge' } }), found)).toBeNull();
});
