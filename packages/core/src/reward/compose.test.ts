import { InputError, type RewardComponent, type Rollout } from '@touchstone/spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Check } from '../checks/check.js';
import { composeReward } from './compose.js';
import { rewardSchema } from './schema.js';

const rollout: Rollout = {
  id: 'r',
  task: { id: 't', messages: [], reference: null, metadata: {} },
  response: '',
  finish: 'stop',
  group: 'g',
  policy: 'base',
};
const checkOf = (name: string, score: number, more: Partial<Check> = {}): Check => ({
  name,
  kind: 'check',
  weight: 0,
  gate: false,
  maxPenalty: 0,
  evaluate: () => ({ score }),
  ...more,
});
const judged = (score: number, weight: number): RewardComponent => ({
  name: 'judge',
  kind: 'judge',
  score,
  weight,
});
const sum = (parts: readonly RewardComponent[]): number =>
  parts.reduce((total, { contribution }) => total + (contribution ?? NaN), 0);

async function total(config: object, checks: Check[], judge?: number) {
  const rule = composeReward(rewardSchema.parse(config), checks, judge !== undefined);
  const checked = await rule.runChecks(rollout);
  return rule.total(judge === undefined ? checked : [...checked, judged(judge, rule.judgeShare)]);
}

describe('how parts make a reward', () => {
  it('lowers the weighted mean by a penalty, in proportion to what the check misses', async () => {
    const { score, components } = await total(
      {},
      [checkOf('length', 0.5, { maxPenalty: 0.2 }), checkOf('format', 1, { weight: 1 })],
      0.6,
    );
    expect(score).toBeCloseTo((1 + 0.6) / 2 - 0.1, 12);
    expect(components.map(({ contribution }) => contribution)).toEqual([-0.1, 0.5, 0.3]);
  });

  it('never takes more than there is, and shares it out', async () => {
    const penalties = [checkOf('a', 0, { maxPenalty: 0.3 }), checkOf('b', 0, { maxPenalty: 0.1 })];
    const { score, components } = await total({}, penalties, 0.2);
    expect(score).toBe(0);
    [-0.15, -0.05, 0.2].forEach((expected, i) =>
      expect(components[i]!.contribution).toBeCloseTo(expected, 12),
    );
  });

  it('contributions sum to the score, whatever the parts', async () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    const part = fc.record({ score: unit, weight: fc.oneof(fc.constant(0), unit), maxPenalty: unit });
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 6 }),
        unit,
        fc.option(fc.constantFrom('judge', 'max(judge, 0.4) * 2 - 0.3', 'judge ^ 2 / 3')),
        async (parts, judge, expression) => {
          const checks = parts.map(({ score, weight, maxPenalty }, i) =>
            checkOf(`c${i}`, score, weight > 0 && expression === null ? { weight } : { maxPenalty }),
          );
          const result = await total(expression === null ? {} : { formula: { expression } }, checks, judge);
          expect(sum(result.components)).toBeCloseTo(result.score, 9);
          expect(result.score).toBeGreaterThanOrEqual(0);
          expect(result.score).toBeLessThanOrEqual(1);
          const before = expression === null ? Math.max(judge, ...parts.map(({ score }) => score)) : 1;
          expect(result.score).toBeLessThanOrEqual(before + 1e-12);
        },
      ),
      { seed: 9 },
    );
  });

  it('takes a formula in place of weights, and cuts its value to the range', async () => {
    const checks = [checkOf('a', 0.5), checkOf('b', 1, { maxPenalty: 0.5 })];
    const config = {
      checks: [
        { type: 'length', name: 'a' },
        { type: 'length', name: 'b' },
      ],
      formula: { expression: '2 * a + 5 * judge', range: [0, 5] },
    };
    const { score, components } = await total(config, checks, 0.4);
    expect(score).toBeCloseTo(0.6, 12);
    expect(components.at(-1)).toMatchObject({
      name: 'formula',
      kind: 'formula',
      weight: 1,
      contribution: score,
    });
    expect((await total(config, checks, 1)).score).toBe(1);
  });

  it('asks the judge only where its word counts', () => {
    const checks = [checkOf('a', 1, { weight: 1 })];
    const parse = (config: object) =>
      rewardSchema.parse({ checks: [{ type: 'length', name: 'a' }], ...config });
    const formula = (expression: string) => parse({ formula: { expression } });
    expect(composeReward(parse({}), checks, true).usesJudge).toBe(true);
    expect(composeReward(parse({}), checks, false).usesJudge).toBe(false);
    expect(composeReward(formula('a'), checks, true).usesJudge).toBe(false);
    expect(composeReward(formula('a * judge'), checks, true).usesJudge).toBe(true);
    expect(() => composeReward(formula('a * judge'), checks, false)).toThrow('there is none');
    expect(() => composeReward(parse({}), [checkOf('a', 1)], false)).toThrow('needs a weight');
  });

  it('refuses a formula that gives no number', async () => {
    for (const expression of ['1 / judge', '0 / judge', 'sqrt(judge - 1)'])
      await expect(total({ formula: { expression } }, [], 0)).rejects.toThrow(InputError);
  });

  it.each([
    { checks: [{ type: 'length', weight: 1, penalty: { max: 0.1 } }] },
    { checks: [{ type: 'length', penalty: { max: 0 } }] },
    { checks: [{ type: 'length', name: 'judge' }] },
    { checks: [{ type: 'length', weight: 1 }], formula: { expression: 'length' } },
    { formula: { expression: 'length' } },
    { formula: { expression: 'judge +' } },
    { formula: { expression: 'judge', range: [1, 1] } },
  ])('refuses %j', (config) => expect(rewardSchema.safeParse(config).success).toBe(false));
});
