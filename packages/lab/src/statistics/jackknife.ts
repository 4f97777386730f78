import type { Estimate } from '@touchstone/spec';

import { t95 } from './distributions.js';

/** What a statistic can be: its lowest and its highest value. */
export interface Range {
  low: number;
  high: number;
}

/** Of shares, rates and scores. */
export const SHARE: Range = { low: 0, high: 1 };
/** Of correlations, κ and differences of scores. */
export const SIGNED: Range = { low: -1, high: 1 };
export const UNBOUNDED: Range = { low: -Infinity, high: Infinity };

/** A statistic with its standard error over the units that were drawn independently. */
export interface Jackknife {
  estimate: number;
  error: number;
  /** Units. */
  n: number;
}

/**
 * The 95 % interval of a statistic over independent units: the jackknife's standard error in a score interval (`scoreInterval`). It draws
 * nothing at random, and computes the statistic once for each unit.
 *
 * @param units what was drawn independently: tasks, with everything that hangs on each.
 * @param statistic of a sample, smooth in it (no median or maximum); null where it is undefined there.
 * @returns null for fewer than two units, or where the statistic is undefined for all of them or without one of them: what hangs on a
 *   single unit is insufficient data.
 */
export function intervalOf<T>(
  units: readonly T[],
  statistic: (sample: readonly T[]) => number | null,
  range: Range,
): Estimate | null {
  const found = jackknife(units, statistic);
  return found && scoreInterval(found, range);
}

/** Standard error of a statistic from its values with each unit left out in turn (Tukey 1958). Null as in `intervalOf`. */
export function jackknife<T>(
  units: readonly T[],
  statistic: (sample: readonly T[]) => number | null,
): Jackknife | null {
  const estimate = units.length < 2 ? null : statistic(units);
  if (estimate === null) return null;
  const sample = units.slice(1);
  const without: (number | null)[] = [];
  for (let i = 0; i < units.length; i++) {
    without.push(statistic(sample));
    if (i < sample.length) sample[i] = units[i]!; // the next one's turn to be left out
  }
  return fromReplicates(estimate, without);
}

/**
 * The same for a statistic of sums over the units, which costs one subtraction a unit and sum.
 *
 * @param units what each adds to the sums.
 * @param statistic of the sums; null where it is undefined.
 */
export function jackknifeOfSums(
  units: readonly (readonly number[])[],
  statistic: (sums: readonly number[]) => number | null,
): Jackknife | null {
  const sums: number[] = units[0]?.map(() => 0) ?? [];
  for (const unit of units) for (let k = 0; k < sums.length; k++) sums[k]! += unit[k]!;
  const estimate = units.length < 2 ? null : statistic(sums);
  if (estimate === null) return null;
  const left = [...sums];
  const without = units.map((unit) => {
    for (let k = 0; k < left.length; k++) left[k] = sums[k]! - unit[k]!;
    return statistic(left);
  });
  return fromReplicates(estimate, without);
}

/** @param without the statistic without each unit. */
export function fromReplicates(estimate: number, without: readonly (number | null)[]): Jackknife | null {
  const n = without.length;
  let mean = 0;
  for (const value of without) {
    if (value === null) return null;
    mean += value / n;
  }
  let squares = 0;
  for (const value of without) squares += (value! - mean) ** 2;
  return { estimate, error: Math.sqrt(((n - 1) / n) * squares), n };
}

/**
 * Score interval, 95 %, of a statistic that has ends (Wilson 1927), with the number of trials that gives a proportion the standard error at
 * hand (Korn and Graubard 1998) and Student's quantile. Stays inside the range, is lopsided near its ends, and is the t interval
 * where there are none. Simulated coverage: `npm run bench:coverage`; the percentile and the BCa bootstrap cover less.
 *
 * With no error, everything agreed: then a share `unseen(n)` of the units may differ as far as the range goes.
 */
export function scoreInterval({ estimate, error, n }: Jackknife, range: Range): Estimate {
  const t = t95(n - 1);
  const width = range.high - range.low;
  if (width === Infinity) return { mean: estimate, low: estimate - t * error, high: estimate + t * error, n };
  const mean = Math.max(range.low, Math.min(range.high, estimate));
  if (error < 1e-9 * width) {
    const rest = unseen(n);
    return { mean, low: mean - rest * (mean - range.low), high: mean + rest * (range.high - mean), n };
  }
  const p = (mean - range.low) / width;
  const variance = (error / width) ** 2;
  // Wilson's formula over p(1 − p) + t² variance, so that trials of 0 are no division by 0.
  const spread = p * (1 - p);
  const pull = (t * t * variance) / (spread + t * t * variance);
  const centre = p + (0.5 - p) * pull;
  const half =
    (t * Math.sqrt(variance) * Math.sqrt(spread * spread + (t * t * variance * spread) / 4)) /
    (spread + t * t * variance);
  return {
    mean,
    low: range.low + width * Math.max(0, centre - half),
    high: range.low + width * Math.min(1, centre + half),
    n,
  };
}

/** The share of units that may be unlike all of n that were alike: the upper end of the score interval of 0 of n. */
export function unseen(n: number): number {
  const t = t95(n - 1);
  return (t * t) / (n + t * t);
}
