import fc from 'fast-check';
import { expect, test } from 'vitest';

import { tPoint } from './distributions.js';
import { meanAtEqualLength } from './equal-length.js';
import { SIGNED } from './jackknife.js';
import { passPowerK } from './pass-k.js';

test('Student’s distribution has SciPy’s points', () => {
  expect(tPoint(0.05 / 21, 24)).toBeCloseTo(3.395988301175041, 10);
  expect(tPoint(0.05 / 3, 2)).toBeCloseTo(7.648803937915553, 10);
});

test('pass^k is the share of all ways to draw k that pass', () => {
  // SciPy: hypergeom.pmf(3, 8, 5, 3).
  const passed = [true, true, false, true, false, true, false, true];
  expect(passPowerK(passed, 3)).toBeCloseTo(0.1785714285714286, 12);
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
      fc.integer({ min: 1, max: 7 }),
      (all, k) => {
        const draws = subsets(all, k);
        const share = draws.filter((draw) => draw.every(Boolean)).length / draws.length;
        if (k > all.length) expect(passPowerK(all, k)).toBeNull();
        else expect(passPowerK(all, k)).toBeCloseTo(share, 12);
      },
    ),
    { numRuns: 60 },
  );
});

function subsets<T>(values: readonly T[], k: number): T[][] {
  if (k === 0) return [[]];
  return values.flatMap((value, i) => subsets(values.slice(i + 1), k - 1).map((rest) => [value, ...rest]));
}

test('the mean at equal length is SciPy’s intercept', () => {
  const longer = [0.1, -0.3, 0.5, 0.2, -0.1, 0.4];
  const values = [0.2, -0.1, 0.3, 0.25, 0, 0.1].map((value, i) => ({ value, longer: longer[i]! }));
  const clusters = longer.map((_, i) => String(i));
  const { estimate, note } = meanAtEqualLength(values, clusters, SIGNED);
  // linregress(longer, value).intercept
  expect(estimate!.mean).toBeCloseTo(0.06911764705882353, 12);
  expect(note).toBeNull();
  const beyond = values.map((one) => ({ ...one, longer: one.longer + 1 }));
  expect(meanAtEqualLength(beyond, clusters, SIGNED)).toEqual({ estimate: null, note: 'never-equal' });
  const equal = values.map((one) => ({ ...one, longer: 0 }));
  const plain = meanAtEqualLength(equal, clusters, SIGNED);
  expect(plain.note).toBe('equal');
  expect(plain.estimate!.mean).toBeCloseTo(0.125, 12);
  // A line through two places has no error to see once one is left out.
  expect(meanAtEqualLength(values.slice(0, 2), ['a', 'b'], SIGNED)).toEqual({ estimate: null, note: 'few' });
});
