import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupAdvantages } from './advantages.js';

const rewards = [1, 0, 0.5, 0.5, 0.25, 0.75, 1, 0];
const close = (got: (number | null)[], expected: (number | null)[]): void =>
  expected.forEach((value, i) =>
    value === null ? expect(got[i]).toBeNull() : expect(got[i]).toBeCloseTo(value, 5),
  );

describe('groupAdvantages', () => {
  // Worked by hand and by script: mean .5, deviation with Bessel's correction .4008919.
  it('scales by the deviation as GRPO does', () => {
    close(
      groupAdvantages(rewards, { scale: true }),
      [1.246908, -1.246908, 0, 0, -0.623454, 0.623454, 1.246908, -1.246908],
    );
  });

  it('only takes the mean away as Dr. GRPO does; RLOO is that times G / (G - 1)', () => {
    const plain = groupAdvantages(rewards, { scale: false });
    close(plain, [0.5, -0.5, 0, 0, -0.25, 0.25, 0.5, -0.5]);
    close(
      plain.map((a) => (a! * 8) / 7),
      [0.571429, -0.571429, 0, 0, -0.285714, 0.285714, 0.571429, -0.571429],
    );
  });

  it('leaves a rollout without a verdict out of mean and deviation', () => {
    const masked = rewards.map((reward, i) => (i === 1 ? null : reward));
    close(groupAdvantages(masked, { scale: true }), [
      1.145586,
      null,
      -0.190931,
      -0.190931,
      -0.85919,
      0.477328,
      1.145586,
      -1.527448,
    ]);
  });

  it('sums to zero over the group, whatever is missing', () => {
    const group = fc.array(fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: null }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(group, fc.boolean(), (rewards_G, scale) => {
        const sum = groupAdvantages(rewards_G, { scale }).reduce<number>((a, b) => a + (b ?? 0), 0);
        expect(Math.abs(sum)).toBeLessThan(1e-6 * rewards_G.length + 1e-9);
      }),
    );
  });

  it('gives a lone reward no contrast', () => {
    expect(groupAdvantages([0.7, null], { scale: true })).toEqual([0, null]);
  });
});
