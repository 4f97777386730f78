import { judgeSchema } from '@touchstone/core';
import { expect, test } from 'vitest';
import { budgetWarnings } from './plan-budget.js';
import type { PhaseCost } from './plan.js';

const phase = (by: PhaseCost['by'], money: number | null): PhaseCost => ({
  name: 'labelled answers',
  by,
  about: 'labelled',
  answers: 100,
  calls: 100,
  inputTokens: 40_000,
  outputTokens: 10_000,
  money,
});
const judge = (budget?: { money?: number; tokens?: number }) =>
  judgeSchema.parse({
    model: 'openai-compatible:m',
    base_url: 'http://127.0.0.1:1/v1',
    unit: 'answer',
    objective: 'Judge an answer.',
    criteria: [{ name: 'Right', question: 'Is it right?' }],
    price: { input: 1, output: 1 },
    ...(budget && { budget }),
  });

test('a budget below what is planned is told of before the first call, each judge by itself', () => {
  const phases = [phase('judge', 1.5), phase('heldout', 0.5), phase('judge', 0.54)];
  const told = (own: Parameters<typeof judge>[0], other?: Parameters<typeof judge>[0]) =>
    budgetWarnings({ judge: judge(own), heldout_judge: judge(other) }, phases);
  expect(told({ money: 0.004 })).toEqual([
    'The budget of the judge may be used up before the end: the questions to it may cost about $2.04, and judge.budget.money is 0.004',
  ]);
  expect(told({ tokens: 99_999 }, { money: 0.4 })).toEqual([
    'The budget of the judge may be used up before the end: the questions to it may take about 100,000 tokens, and judge.budget.tokens is 99,999',
    'The budget of the held-out judge may be used up before the end: the questions to it may cost about $0.50, and heldout_judge.budget.money is 0.4',
  ]);
  expect([told(undefined), told({ money: 2.04, tokens: 100_000 }, { money: 0.5 })]).toEqual([[], []]);
});
