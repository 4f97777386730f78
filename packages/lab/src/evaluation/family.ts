import type { Estimate, Shown } from '@touchstone/spec';

import { tPoint, t95 } from '../statistics/distributions.js';
import type { Range } from '../statistics/jackknife.js';
import { familyStretch } from '../statistics/several.js';
import { type ByTask, type ClusterOf, meanOverTasks, overTrainings, pullOfClusters } from './by-task.js';

/** Ends of an interval; null where there is none. */
export type Ends = { low: number; high: number } | null;

/** A figure of a family: its own interval, and the ends with which those of the whole family hold at once. */
export interface Corrected {
  estimate: Estimate | null;
  corrected: Ends;
}

/**
 * Means over tasks of which several are looked at, corrected for that: the arms of each interval are stretched alike. Over tasks by max-T, which makes
 * use of what the members have in common; over trainings, of which there are too few to resample, by Bonferroni. `npm run bench:coverage` has how
 * often all hold at once.
 *
 * @param family what tasks are worth, in each training, by member.
 * @param range what a value can be; an interval never leaves it.
 * @param seed of the resampling.
 */
export function correctedMeans(
  family: readonly (readonly ByTask[])[],
  clusterOf: ClusterOf,
  range: Range,
  seed: number,
): Corrected[] {
  const estimates = family.map((trainings) => meanOverTasks(trainings, clusterOf, range));
  const known = family.flatMap((trainings, i) => (estimates[i] ? [{ trainings, i }] : []));
  const clusters = [
    ...new Set(known.flatMap(({ trainings }) => [...overTrainings(trainings).keys()].map(clusterOf))),
  ];
  const stretches = familyStretch(
    known.map(({ trainings }) => pullOfClusters(overTrainings(trainings), clusterOf, clusters)),
    seed,
  );
  const stretchOf = new Map(
    known.map(({ trainings, i }, at) => [
      i,
      trainings.length > 1 ? bonferroniStretch(known.length, trainings.length - 1) : stretches[at]!,
    ]),
  );
  return estimates.map((estimate, i) => ({
    estimate,
    corrected: estimate && stretched(estimate, stretchOf.get(i)!, range),
  }));
}

/** How many times as long arms are when each of several intervals holds with 95 % + (5 − 5 / several) %. */
export function bonferroniStretch(several: number, freedom: number): number {
  return tPoint(0.05 / several, freedom) / t95(freedom);
}

export function stretched(
  { mean, low, high }: Estimate,
  by: number,
  range: Range,
): { low: number; high: number } {
  return {
    low: Math.max(range.low, mean - by * (mean - low)),
    high: Math.min(range.high, mean + by * (high - mean)),
  };
}

/** What the ends of an interval say, against what no difference is. */
export function shownBy(ends: Ends, none = 0): Shown {
  if (!ends) return 'none';
  if (ends.low > none) return 'higher';
  return ends.high < none ? 'lower' : 'undecided';
}
