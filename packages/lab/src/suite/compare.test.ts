import type { RegressionCase } from '@touchstone/core';
import { describe, expect, it } from 'vitest';
import { order, many } from './cases.testing.js';
import { compareSuites } from './compare.js';
import type { CaseResult } from './case-result.js';

describe('two versions of a judge', () => {
  const results = (cases: RegressionCase[], isHeld: (i: number) => boolean | null): CaseResult[] =>
    cases.map((one, i) => {
      const held = isHeld(i);
      const outcome = held === null ? 'abstained' : held ? 'held' : 'failed';
      return { case: one, outcome, repeats: [{ outcome, scores: [0], detail: '' }] };
    });
  const compare = (
    cases: RegressionCase[],
    now: (i: number) => boolean | null,
    before: (i: number) => boolean | null,
    margin = 0.02,
  ) => compareSuites(results(cases, now), results(cases, before), margin);
  const all = (): boolean => true;

  it('differ by exact McNemar: 1 gained and 8 lost of 60', () => {
    const got = compare(
      many(60, all),
      (i) => i >= 9 || i === 8,
      (i) => i !== 8,
    );
    expect(got).toMatchObject({ verdict: 'worse', lost: 8, gained: 1, cases: 60, tasks: 60 });
    expect(got.p).toBeCloseTo(2 * (10 / 512), 12);
    expect(got.difference!.mean).toBeCloseTo(-7 / 60, 12);
    expect(got.flipped).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(got.heldByBoth).toHaveLength(51);
  });

  it('are not shown to be as good because no difference is significant', () => {
    const got = compare(many(50, all), (i) => i >= 5, all);
    expect(got.p).toBeGreaterThan(0.05);
    expect(got.verdict).toBe('not-shown');
    // Not even where nothing flipped, when the cases are few.
    expect(compare(many(20, all), all, all).verdict).toBe('not-shown');
    expect(compare(many(400, all), all, all).verdict).toBe('not-worse');
    expect(compare(many(20, all), all, all, 0.3).verdict).toBe('not-worse');
  });

  it('differ when the new one abstains where the old one was right', () => {
    expect(compare(many(200, all), (i) => (i < 40 ? null : true), all)).toMatchObject({
      verdict: 'worse',
      lost: 40,
    });
  });

  it('differ over tasks, where cases share them', () => {
    // Ten lost cases are a lot, unless they are all about one task.
    const cases = many(200, all, (i) => `t${Math.floor(i / 10)}`);
    const got = compare(cases, (i) => i >= 10, all);
    expect(got).toMatchObject({ lost: 10, tasks: 20, p: 1, verdict: 'not-shown' });
    expect(got.difference!.n).toBe(20);
  });

  it('differ in one kind of case that is a small part of the suite', () => {
    const cases = [...many(2000, all), ...Array.from({ length: 12 }, (_, i) => order(`o${i}`, 'a', 'b'))];
    const got = compare(cases, (i) => i < 2000, all);
    expect(got.difference!.low).toBeGreaterThan(-0.02);
    expect(got.verdict).toBe('worse');
    expect(got.kinds.find(({ kind }) => kind === 'order')).toMatchObject({ cases: 12, lost: 12 });
  });

  it('must be of the same cases', () => {
    expect(() => compareSuites(results(many(2, all), all), results(many(3, all), all), 0.1)).toThrow(
      RangeError,
    );
  });
});
