import type { Estimate, Shown } from '@touchstone/spec';

import { tPoint, t95 } from '../statistics/distributions.js';
import type { Range } from '../statistics/jackknife.js';
import { type ByTask, type ClusterOf, meanOverTasks } from './by-task.js';

/** Ends of an interval; null where there is none. */
export type Ends = { low: number; high: number } | null;

/** A figure of a family: its own interval, and the ends with which those of the whole family hold at once. */
export interface Corrected {
  estimate: Estimate | null;
  corrected: Ends;
}

/**
 * Means over tasks of which several are looked at, corrected for that: the arms of each interval are made longer until all hold at once with 95 %
 * (Bonferroni, by Student's distribution). Max-T, which makes use of what the members have in common, was no shorter below 60 clusters (decision
 * 102). `npm run bench:coverage` has how often all hold at once.
 *
 * @param family what tasks are worth, in each training, by member.
 * @param range what a value can be; an interval never leaves it.
 */
export function correctedMeans(
  family: readonly (readonly ByTask[])[],
  clusterOf: ClusterOf,
  range: Range,
): Corrected[] {
  const estimates = family.map((trainings) => meanOverTasks(trainings, clusterOf, range));
  const several = estimates.filter((estimate) => estimate !== null).length;
  return estimates.map((estimate) => ({
    estimate,
    corrected: estimate && correctedEnds(estimate, several, range),
  }));
}

/** The ends of an interval that holds at once with others, so many with itself. */
export function correctedEnds(
  { mean, low, high, n }: Estimate,
  several: number,
  range: Range,
): { low: number; high: number } {
  const by = tPoint(0.05 / several, n - 1) / t95(n - 1);
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
