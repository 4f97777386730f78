import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trainingSchema } from '../../schema.js';
import { ALGORITHMS, openAlgorithm } from '../index.js';
import { relativeAdvantages } from './advantages.js';
import { corrected } from './error-rates.js';

const rewards = [1, 0, 0.5, 0.5, 0.25, 0.75, 1, 0];
const close = (got: (number | null)[] | undefined, expected: (number | null)[]): void =>
  expected.forEach((value, i) =>
    value === null ? expect(got![i]).toBeNull() : expect(got![i]).toBeCloseTo(value, 5),
  );

describe('relativeAdvantages', () => {
  // Worked by hand and by script: mean .5, deviation with Bessel's correction .4008919.
  it('scales by the deviation as GRPO does', () => {
    const [scaled] = relativeAdvantages([rewards], { deviation: 'group', floor: 0 });
    close(scaled, [1.246908, -1.246908, 0, 0, -0.623454, 0.623454, 1.246908, -1.246908]);
  });

  it('only takes the mean away as Dr. GRPO does', () => {
    const [plain] = relativeAdvantages([rewards], { deviation: 'none', floor: 0 });
    close(plain, [0.5, -0.5, 0, 0, -0.25, 0.25, 0.5, -0.5]);
  });

  it('leaves a rollout without a verdict out of mean and deviation', () => {
    const masked = rewards.map((reward, i) => (i === 1 ? null : reward));
    const [scaled] = relativeAdvantages([masked], { deviation: 'group', floor: 0 });
    close(scaled, [1.145586, null, -0.190931, -0.190931, -0.85919, 0.477328, 1.145586, -1.527448]);
  });

  it('takes the deviation of the whole step, which an even group keeps small', () => {
    const even = [0.7, 0.7, 0.7, 0.72];
    const of = (deviation: 'group' | 'batch') => relativeAdvantages([rewards, even], { deviation, floor: 0 });
    close(of('group')[1], [-0.49505, -0.49505, -0.49505, 1.485149]);
    // All twelve: deviation .3353921.
    close(of('batch')[1], [-0.014903, -0.014903, -0.014903, 0.04471]);
  });

  it('does not blow differences up that are below the floor', () => {
    const even = [0.7, 0.7, 0.7, 0.72];
    const [floored] = relativeAdvantages([even], { deviation: 'group', floor: 0.1 });
    close(floored, [-0.04995, -0.04995, -0.04995, 0.14985]);
    const [wide] = relativeAdvantages([rewards], { deviation: 'group', floor: 0.1 });
    close(wide, [1.246908, -1.246908]);
  });

  it('gives a lone reward no contrast', () => {
    expect(relativeAdvantages([[0.7, null]], { deviation: 'group', floor: 0 })).toEqual([[0, null]]);
  });
});

describe('corrected', () => {
  it('has the expectation of the truth', () => {
    const rates = { false_positive_rate: 0.2, false_negative_rate: 0.1 };
    const [passed, failed] = corrected([1, 0, null], rates) as [number, number, null];
    expect(0.9 * passed + 0.1 * failed).toBeCloseTo(1, 12);
    expect(0.2 * passed + 0.8 * failed).toBeCloseTo(0, 12);
    close([passed, failed], [0.8 / 0.7, -0.2 / 0.7]);
    expect(() => corrected([0.5], rates)).toThrow(/a reward is 0\.5.*expected 0 or 1/);
    expect(corrected([0.5], { false_positive_rate: 0, false_negative_rate: 0 })).toEqual([0.5]);
  });
});

const reward = fc.double({ min: 0, max: 0.5, noNaN: true });
const group = fc.array(fc.option(reward, { nil: null }), { minLength: 2, maxLength: 8 });
const step = fc.array(group, { minLength: 1, maxLength: 4 });

describe.each(ALGORITHMS.map(({ name }) => name))('advantages of %s', (algorithm) => {
  const opened = openAlgorithm(trainingSchema.parse({ algorithm }), { max_tokens: 10 });
  const advantages = (rewards_P_G: (number | null)[][]) =>
    opened.advantages(rewards_P_G.map((scores_G) => ({ scores_G, lengths_G: scores_G.map(() => 5) })));
  const near = (a: (number | null)[], b: (number | null)[]): void => {
    expect(a.map((x) => x === null)).toEqual(b.map((x) => x === null));
    // 1e-4 under the deviation makes much of rounding in rewards that are all but equal.
    a.forEach((x, i) => x !== null && expect(Math.abs(x - b[i]!)).toBeLessThan(1e-9));
  };

  it('are what they would be without the answers that have no reward', () => {
    fc.assert(
      fc.property(step, (rewards_P_G) => {
        const [masked, without] = [
          advantages(rewards_P_G),
          advantages(rewards_P_G.map((rewards_G) => rewards_G.filter((one) => one !== null))),
        ];
        rewards_P_G.forEach((rewards_G, p) => {
          rewards_G.forEach((one, i) => one === null && expect(masked[p]![i]).toBeNull());
          near(
            masked[p]!.filter((_, i) => rewards_G[i] !== null),
            without[p]!,
          );
        });
      }),
    );
  });

  it('do not change when all rewards do by as much', () => {
    // Eighths are exact, so that equal rewards stay equal.
    const eighths = fc.array(fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 2, maxLength: 8 }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(eighths, fc.integer({ min: 0, max: 8 }), (all, by) => {
        const at = (shift: number) => advantages(all.map((one) => one.map((x) => (x + shift) / 16)));
        const [here, there] = [at(0), at(by)];
        here.forEach((rewards_G, p) => near(rewards_G, there[p]!));
      }),
    );
  });

  it('are nothing where there is no contrast', () => {
    const found = advantages([
      [0.3, 0.3, null, 0.1 + 0.2],
      [0, 1],
    ])[0]!;
    for (const advantage of found) expect(Math.abs(advantage ?? 0)).toBeLessThan(1e-6);
  });
});
