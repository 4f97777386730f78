import type { Estimate } from '@touchstone/spec';

import { t95, Z95 } from './distributions.js';

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
  /** Degrees of freedom of the error; n − 1 where it is not said. */
  freedom?: number;
  /** Of what the units add to the statistic; that of a normal distribution where it is not said. */
  skewness?: number;
  kurtosis?: number;
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
function jackknife<T>(
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
  const sums = totalsOf(units);
  const estimate = units.length < 2 ? null : statistic(sums);
  if (estimate === null) return null;
  const left = [...sums];
  const without = units.map((unit) => {
    for (let k = 0; k < left.length; k++) left[k] = sums[k]! - unit[k]!;
    return statistic(left);
  });
  return fromReplicates(estimate, without);
}

/**
 * The interval of a statistic of sums over units of which each stands for `weights[i]` of a population: every unit's sums count so often.
 * Its error, with the units taken as independent draws, is on the safe side for draws without replacement and for strata. What the number of
 * units says beyond the error (Student's quantile, what was never seen) is said by the number of equal ones that are worth as much
 * (Kish 1965).
 *
 * @param weights above 0, one for each unit. Absent: each unit stands for itself.
 */
export function weightedInterval(
  units: readonly (readonly number[])[],
  weights: readonly number[] | undefined,
  statistic: (sums: readonly number[]) => number | null,
  range: Range,
): Estimate | null {
  const found = jackknifeOfSums(weighted(units, weights), statistic);
  return found && weightedScore(found, weights, range);
}

/** Sums of units, each as often as it stands for. */
export const weighted = (
  units: readonly (readonly number[])[],
  weights: readonly number[] | undefined,
): readonly (readonly number[])[] =>
  weights ? units.map((unit, i) => unit.map((sum) => sum * weights[i]!)) : units;

/** `scoreInterval` of a statistic of weighted units; n is their number. */
export function weightedScore(
  found: Jackknife,
  weights: readonly number[] | undefined,
  range: Range,
): Estimate {
  return { ...scoreInterval({ ...found, n: equalUnits(found.n, weights) }, range), n: found.n };
}

/** (Σw)² / Σw², at least 2, in tenths. */
export function equalUnits(n: number, weights: readonly number[] | undefined): number {
  if (!weights) return n;
  let [sum, squares] = [0, 0];
  for (const weight of weights) {
    sum += weight;
    squares += weight * weight;
  }
  return Math.max(2, Math.floor((10 * sum * sum) / squares) / 10);
}

/** Sums over units of what each adds to them. */
export function totalsOf(units: readonly (readonly number[])[]): number[] {
  const sums: number[] = units[0]?.map(() => 0) ?? [];
  for (const unit of units) for (let k = 0; k < sums.length; k++) sums[k]! += unit[k]!;
  return sums;
}

/**
 * @param without the statistic without each unit.
 * @returns null where one of them is.
 */
export function fromReplicates(estimate: number, without: readonly (number | null)[]): Jackknife | null {
  const n = without.length;
  let mean = 0;
  for (const value of without) {
    if (value === null) return null;
    mean += value / n;
  }
  let [second, third, fourth] = [0, 0, 0];
  for (const value of without) {
    const pull = mean - value!;
    second += pull ** 2 / n;
    third += pull ** 3 / n;
    fourth += pull ** 4 / n;
  }
  const error = Math.sqrt((n - 1) * second);
  return second > 0
    ? { estimate, error, n, skewness: third / second ** 1.5, kurtosis: fourth / second ** 2 }
    : { estimate, error, n };
}

/**
 * Score interval, 95 %, of a statistic that has ends (Wilson 1927), with the number of trials that gives a proportion the standard error at
 * hand (Korn and Graubard 1998) and Student's quantile. It stays inside the range, is lopsided near its ends, and is the t interval where there
 * are none. What is more skewed or longer-tailed than a proportion's trials are is allowed for: by a longer reach to the side of the tail (Johnson
 * 1978; never a shorter one to the other), and by the degrees of freedom of a variance with that kurtosis (O'Neill 2014).
 *
 * With no error, everything agreed: then a share `unseen(n)` of the units may differ as far as the range goes.
 *
 * `npm run bench:coverage` simulates what it covers: see bench/README.md, also for what was tried and covers less.
 */
export function scoreInterval(found: Jackknife, range: Range): Estimate {
  const { estimate, error, n } = found;
  const width = range.high - range.low;
  if (width === Infinity) {
    const [down, up] = reaches(found, 0, 0);
    return { mean: estimate, low: estimate - down * error, high: estimate + up * error, n };
  }
  const mean = Math.max(range.low, Math.min(range.high, estimate));
  if (error < 1e-9 * width) {
    const rest = unseen(n);
    return { mean, low: mean - rest * (mean - range.low), high: mean + rest * (range.high - mean), n };
  }
  const p = (mean - range.low) / width;
  const [spread, variance] = [p * (1 - p), (error / width) ** 2];
  if (spread < 1e-12) return { mean, low: range.low, high: range.high, n };
  // A trial's skewness over the root of the number of trials, and the excess kurtosis of a unit's mean of them.
  const ownSkewness = ((1 - 2 * p) * Math.sqrt(variance)) / spread;
  const ownKurtosis = ((1 / spread - 6) * n * variance) / spread;
  const [low, high] = reaches(found, ownSkewness, ownKurtosis).map((reach, side) => {
    const pull = reach * reach * variance;
    const half = reach * Math.sqrt(variance * (spread * spread + pull / 4));
    return (p * spread + pull / 2 + (side === 0 ? -half : half)) / (spread + pull);
  }) as [number, number];
  return { mean, low: range.low + width * Math.max(0, low), high: range.low + width * Math.min(1, high), n };
}

/** How many standard errors the interval goes down and up. */
function reaches(
  { n, freedom = n - 1, skewness = 0, kurtosis = 3 }: Jackknife,
  ownSkewness: number,
  ownKurtosis: number,
): [number, number] {
  const tails = Math.max(3, kurtosis - Math.max(0, ownKurtosis));
  // In tenths: t95 keeps what it has computed.
  const ofVariance = Math.round((20 * n) / (tails - (n - 3) / (n - 1))) / 10;
  const t = t95(Math.max(Math.min(2, freedom), Math.min(freedom, ofVariance)));
  const lean = ((skewness / Math.sqrt(n) - ownSkewness) * (1 + 2 * t * t)) / 6;
  return [t + Math.max(0, -lean), t + Math.max(0, lean)];
}

/** The share of units that may be unlike all of n that were alike: the upper end of Wilson's interval of 0 of n. */
export function unseen(n: number): number {
  return (Z95 * Z95) / (n + Z95 * Z95);
}
