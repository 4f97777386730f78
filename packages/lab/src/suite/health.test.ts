import type { RegressionCase } from '@touchstone/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { band, order, alike } from './cases.testing.js';
import { caseNames, healthOf } from './health.js';

describe('the health of a suite', () => {
  it('is what any judge would find in it: copies, contradictions, what a constant gets', () => {
    const cases = [
      band('a', 'x', { min: 0.8, why: 'it is right' }),
      band('a', 'x', { kind: 'bad', max: 0.2 }),
      band('a', 'y', { kind: 'boundary', min: 0.4, max: 0.6, critical: true }),
      order('b', 'x', 'y'),
      order('b', 'y', 'x'),
      alike('b', 'x', 'z'),
      band('c', 'x', { min: 0.5 }),
    ];
    expect(caseNames([...cases, cases[0]!])).toEqual([
      'a good',
      'a bad',
      'a boundary',
      'b order',
      'b order #2',
      'b invariance',
      'c good',
      'a good #2',
    ]);
    expect(healthOf(cases)).toEqual({
      cases: 7,
      tasks: 3,
      critical: 1,
      kinds: { good: 2, bad: 1, boundary: 1, order: 2, invariance: 1 },
      duplicates: [
        ['a bad', 'a good'],
        ['b order #2', 'b order'],
      ],
      contradictions: [
        ['a bad', 'a good'],
        ['b order #2', 'b order'],
      ],
      withoutWhy: 6,
      constant: { score: 1, held: 3 },
    });
  });

  it('names each case that no judge can hold beside an earlier one, whichever is first', () => {
    const contradictions = (...cases: RegressionCase[]): [string, string][] => healthOf(cases).contradictions;
    const pair = ['a invariance', 'a order'];
    expect(contradictions(order('a', 'x', 'y'), alike('a', 'x', 'y', 0))).toEqual([pair]);
    expect(contradictions(alike('a', 'x', 'y', 0), order('a', 'y', 'x'))).toEqual([pair.toReversed()]);
    // Within a tolerance better may be above worse.
    expect(contradictions(order('a', 'x', 'y'), alike('a', 'x', 'y', 0.1))).toEqual([]);
    expect(contradictions(alike('a', 'x', 'y', 0), alike('a', 'y', 'x', 0.1))).toEqual([]);
    // Also where the first case about these answers goes with both.
    expect(
      contradictions(alike('a', 'x', 'y'), order('a', 'x', 'y'), order('a', 'y', 'x'), order('a', 'y', 'x')),
    ).toEqual([
      ['a order #2', 'a order'],
      ['a order #3', 'a order'],
    ]);
    expect(
      contradictions(
        band('a', 'x', { min: 0.3, max: 0.8 }),
        band('a', 'x', { max: 0.4 }),
        band('a', 'x', { min: 0.6 }),
      ),
    ).toEqual([['a good #3', 'a good #2']]);
  });

  it('finds the best constant of any bands', () => {
    const share = fc.integer({ min: 0, max: 10 }).map((tenth) => tenth / 10);
    fc.assert(
      fc.property(fc.array(fc.tuple(share, share), { minLength: 1, maxLength: 12 }), (ends) => {
        const cases = ends.map(([a, b], i) =>
          band(`t${i}`, 'x', { min: Math.min(a, b), max: Math.max(a, b) }),
        );
        const heldBy = (score: number): number =>
          cases.filter(({ min, max }) => min! <= score && score <= max!).length;
        const best = Math.max(...Array.from({ length: 101 }, (_, i) => heldBy(i / 100)));
        expect(healthOf(cases).constant.held).toBe(best);
      }),
    );
  });
});
