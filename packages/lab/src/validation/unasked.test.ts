import { createDispatcher, openJudge, type RegressionCase } from '@touchstone/core';
import { expect, test } from 'vitest';
import { assertGatePassed } from './gate.js';
import { validateJudge, type ValidationInput } from './validate-judge.js';
import {
  agreeing,
  config,
  input,
  type Item,
  model,
  named,
  NO_PROBES,
  ONE_ANSWER_A_TASK,
  taskOf,
} from './validate-judge.testing.js';

/** A judge whose budget has enough for so many calls: each costs 39 tokens, and could cost `AT_MOST`. */
const AT_MOST = 1814;
async function examine(
  calls: number,
  overrides: Partial<ValidationInput> = {},
  usual?: (item: Item) => Item,
) {
  const budget = { tokens: 39 * (calls - 1) + AT_MOST };
  const dispatcher = createDispatcher({ concurrency: 1, timeout_seconds: 10, attempts: 1, seed: 1, budget });
  const open = () => Promise.resolve({ model: model('main', usual), fallbacks: [], dispatcher });
  const settings = { ...config, max_tokens: 30 };
  const judge = await openJudge(settings, { seed: 1, baseDir: '.', open });
  const gate = { ...ONE_ANSWER_A_TASK, ...NO_PROBES };
  return validateJudge(await input({ judge, labelled: agreeing, repeats: 3, gate, ...overrides }));
}

test('a judge that the budget stopped asking has not failed: nobody knows, and the budget is the first thing that is said', async () => {
  const result = await examine(10);
  const unasked = "110 of 120 judgements were not asked because the judge's budget was used up";
  expect(result).toMatchObject({ gate: 'insufficient-data', unasked });
  expect(result.notAsked).toEqual(
    ['labelled answers', 'repeat 2 of 3', 'repeat 3 of 3'].map((name) => ({ name, why: 'budget' })),
  );
  // Of those that were asked it was silent on none.
  expect(named(result.findings, 'abstention_rate')).toMatchObject({
    estimate: { mean: 0, n: 10 },
    outcome: 'insufficient-data',
    note: unasked,
  });
  expect(() => assertGatePassed(result)).toThrow(
    new RegExp(`^Too little is known[^\\n]*\\n  ${unasked}\\.\\n[^]*\\nRaise the judge's budget`),
  );
});

test.each([{}, { complete: true }])('no gate passes on a part of what it asks for: %j', async (how) => {
  const all = await examine(120, how);
  expect(all).toMatchObject({ gate: 'passed', unasked: null });
  const result = await examine(119, how);
  expect(result).toMatchObject({
    gate: 'insufficient-data',
    notAsked: [{ name: 'repeat 3 of 3', why: 'budget' }],
  });
  const missed = result.findings.filter(({ threshold, outcome }) => threshold && outcome !== 'pass');
  expect(missed.map(({ name }) => name)).toEqual(['abstention_rate']);
});

test('a case fails by a wrong verdict, and not by being left out', async () => {
  const regression = Array.from({ length: 40 }, (_, i): RegressionCase => ({
    task: taskOf(`case${i}`),
    responses: [JSON.stringify([{ clear: 5, useful: true, task: i }])],
    kind: 'good',
    min: 0.9,
    critical: true,
  }));
  const outcomes = await Promise.all(
    [undefined, () => ({ clear: 1, useful: false })].map(async (usual) => {
      const { findings, gate, unasked } = await examine(10, { regression, repeats: 1 }, usual);
      return [named(findings, 'regression.critical_failures').outcome, gate, unasked?.slice(0, 8)];
    }),
  );
  expect(outcomes).toEqual([
    ['pass', 'insufficient-data', '70 of 80'],
    ['fail', 'failed', '70 of 80'],
  ]);
});
