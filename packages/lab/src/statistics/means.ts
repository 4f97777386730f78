import type { Estimate } from '@touchstone/spec';

import { jackknifeOfSums, type Range, scoreInterval, SHARE, SIGNED } from './jackknife.js';
import { finite, groupBy } from './values.js';

/**
 * Interval of the mean of values of which some belong together (several answers to one task): over clusters, with the error of a ratio of
 * sums, so that clusters may differ in size.
 *
 * @param clusters the cluster of each value.
 * @param range what a value can be; an interval never leaves it.
 * @returns n is the number of clusters; null for fewer than two.
 * @throws {RangeError} a value is not finite or outside the range, or the lists differ in length.
 */
export function clusteredMeanInterval(
  values: readonly number[],
  clusters: readonly string[],
  range: Range,
): Estimate | null {
  const odd = finite(values, 'values').find((value) => value < range.low || value > range.high);
  if (odd !== undefined) throw new RangeError(`expected values of ${range.low} to ${range.high}, got ${odd}`);
  const units = groupBy(values, clusters).map((group) => {
    let sum = 0;
    for (const value of group) sum += value;
    return [sum, group.length];
  });
  const found = jackknifeOfSums(units, ([sum, count]) => sum! / count!);
  return found && scoreInterval(found, range);
}

/**
 * Interval of the mean of shares or scores (each 0–1), of which some belong together. Where every value is 0, or every one is 1, it is that
 * of so many tasks: never seen in 30 tasks still means up to 11 %.
 *
 * @returns n is the number of clusters; null for fewer than two.
 * @throws {RangeError} a value is outside 0–1.
 */
export function shareInterval(values: readonly number[], clusters: readonly string[]): Estimate | null {
  return clusteredMeanInterval(values, clusters, SHARE);
}

/**
 * The same for values that are in clusters already: [cluster][value]. A cluster without values is left out.
 *
 * @throws {RangeError} a value is outside the range.
 */
export function groupedMeanInterval(
  groups: readonly (readonly number[])[],
  range: Range = SHARE,
): Estimate | null {
  return clusteredMeanInterval(
    groups.flat(),
    groups.flatMap((group, i) => group.map(() => String(i))),
    range,
  );
}

/**
 * Interval of the mean of independent values. Null for fewer than two.
 *
 * @throws {RangeError} a value is outside the range.
 */
export function meanInterval(values: readonly number[], range: Range = SHARE): Estimate | null {
  return groupedMeanInterval(
    values.map((value) => [value]),
    range,
  );
}

/**
 * Interval of the mean difference `a[i] - b[i]` of pairs of scores, each 0–1 (the same task under two models).
 *
 * @throws {RangeError} a score is outside 0–1, or the arrays differ in length.
 */
export function pairedDifference(a: readonly number[], b: readonly number[]): Estimate | null {
  if (a.length !== b.length) throw new RangeError(`expected pairs, got ${a.length} and ${b.length} values`);
  return meanInterval(
    a.map((value, i) => value - b[i]!),
    SIGNED,
  );
}
