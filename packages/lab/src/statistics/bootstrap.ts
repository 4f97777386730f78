import { type Estimate, random } from '@touchstone/spec';

import { groupBy, meanOf, quantile, sumOf } from './values.js';

/** Resamples of every interval. */
const RESAMPLES = 2000;
/** Intervals hold 95 %. */
const TAIL = 0.025;
/** A statistic that is undefined in more of the resamples than this has no interval. */
const UNDEFINED_LIMIT = 0.1;

/**
 * Percentile bootstrap, 95 %, 2,000 resamples (Efron 1979): `statistic` of all units, with an interval from units drawn
 * with replacement. The same units in the same order with the same seed give the same interval.
 *
 * The interval is too narrow for few units (about 90 % for ten); that is why `n` always goes with it.
 *
 * @param units what was sampled independently: tasks, with everything that hangs on each.
 * @param statistic of a sample; null where it is undefined there, such as κ when nothing varies.
 * @returns null for fewer than two units, or when the statistic is undefined for all of them together or for more than
 *   a tenth of the resamples: insufficient data.
 */
export function bootstrapInterval<T>(
  units: readonly T[],
  statistic: (sample: T[]) => number | null,
  seed: number,
): Estimate | null {
  const n = units.length;
  if (n < 2) return null;
  const mean = statistic([...units]);
  if (mean === null) return null;
  const { integer } = random(seed, 'bootstrap');
  const values: number[] = [];
  for (let resample = 0; resample < RESAMPLES; resample++) {
    const value = statistic(units.map(() => units[integer(n)]!));
    if (value !== null) values.push(value);
  }
  if (values.length < RESAMPLES * (1 - UNDEFINED_LIMIT)) return null;
  values.sort((a, b) => a - b);
  return { mean, low: quantile(values, TAIL), high: quantile(values, 1 - TAIL), n };
}

/** Interval of the mean of independent values. Null for fewer than two. */
export function meanInterval(values: readonly number[], seed: number): Estimate | null {
  return bootstrapInterval(values, meanOf, seed);
}

/**
 * Interval of the mean of values of which some belong together (several answers to one task): whole clusters are drawn.
 *
 * @param clusters the cluster of each value.
 * @returns n is the number of clusters; null for fewer than two.
 */
export function clusteredMeanInterval(
  values: readonly number[],
  clusters: readonly string[],
  seed: number,
): Estimate | null {
  const groups = groupBy(values, clusters).map((group) => ({ sum: sumOf(group), count: group.length }));
  const pooledMean = (sample: typeof groups): number =>
    sumOf(sample.map(({ sum }) => sum)) / sumOf(sample.map(({ count }) => count));
  return bootstrapInterval(groups, pooledMean, seed);
}

/**
 * Interval of the mean difference `a[i] - b[i]` of pairs (the same task under two models).
 *
 * @throws {RangeError} the arrays differ in length.
 */
export function pairedDifference(a: readonly number[], b: readonly number[], seed: number): Estimate | null {
  if (a.length !== b.length) throw new RangeError(`expected pairs, got ${a.length} and ${b.length} values`);
  return meanInterval(
    a.map((value, i) => value - b[i]!),
    seed,
  );
}
