import { type Estimate, random } from '@touchstone/spec';

import { t95 } from './distributions.js';
import { finite, meanOf, quantile, squaresOf } from './values.js';

/** Resamples of the units. */
const RESAMPLES = 2000;

/**
 * Intervals of the means of several columns over the same units (criteria, models, probes on the same tasks) that hold all at once with 95 %: the
 * largest |t| of any column, bootstrapped (max-T, Westfall and Young 1993). Columns that go together cost less than Bonferroni.
 *
 * @param columns a value for each unit, the units in the same order; each at least two.
 * @param seed of the resampling.
 * @returns in the order of the columns; null for a column that never varies, which has no error to see.
 * @throws {RangeError} a value is not finite, or the columns differ in length.
 */
export function simultaneousIntervals(
  columns: readonly (readonly number[])[],
  seed: number,
): (Estimate | null)[] {
  const n = columns[0]?.length ?? 0;
  for (const column of columns) {
    if (finite(column, 'values').length !== n) {
      throw new RangeError(`expected columns of ${n} values, got one of ${column.length}`);
    }
  }
  const errors = columns.map(errorOf);
  const varying = columns.filter((_, i) => errors[i]! > 0);
  if (n < 2 || varying.length === 0) return columns.map(() => null);
  const reach = simultaneousReach(varying, seed);
  return columns.map((column, i) => {
    const [mean, half] = [meanOf(column), reach * errors[i]!];
    return half > 0 ? { mean, low: mean - half, high: mean + half, n } : null;
  });
}

/**
 * How many standard errors intervals of the means of several columns reach, so that all hold at once with 95 %: the largest |t| of any column in a
 * bootstrap of their units (max-T).
 *
 * @param columns at least one, each of the same number of finite values, two or more, that vary.
 */
export function simultaneousReach(columns: readonly (readonly number[])[], seed: number): number {
  const n = columns[0]!.length;
  const centred = columns.map((column) => {
    const mean = meanOf(column);
    return Float64Array.from(column, (value) => value - mean);
  });
  const { integer } = random(seed, 'max-t');
  const drawn = new Int32Array(n);
  const largest = new Float64Array(RESAMPLES);
  for (let resample = 0; resample < RESAMPLES; resample++) {
    for (let i = 0; i < n; i++) drawn[i] = integer(n);
    for (const values of centred) largest[resample] = Math.max(largest[resample]!, absoluteT(values, drawn));
  }
  largest.sort();
  // Few units repeat themselves in resamples; one column's own quantile is the least that several need.
  return Math.max(t95(n - 1), quantile(largest, 0.95));
}

/** |mean| over its standard error, of the values at the places drawn; 0 where they are all one. */
function absoluteT(values: Float64Array, drawn: Int32Array): number {
  let [sum, squares] = [0, 0];
  for (const place of drawn) {
    sum += values[place]!;
    squares += values[place]! ** 2;
  }
  const n = drawn.length;
  const variance = (squares - (sum * sum) / n) / (n - 1) / n;
  return variance > 1e-18 ? Math.abs(sum / n) / Math.sqrt(variance) : 0;
}

function errorOf(values: readonly number[]): number {
  return values.every((value) => value === values[0])
    ? 0
    : Math.sqrt(squaresOf(values) / (values.length - 1) / values.length);
}
