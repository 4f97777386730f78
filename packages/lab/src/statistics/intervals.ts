import type { Estimate } from '@touchstone/spec';

import { correlation } from './correlation.js';
import {
  type Jackknife,
  jackknifeOfSums,
  scoreInterval,
  SHARE,
  SIGNED,
  totalsOf,
  equalUnits,
  unseen,
  weighted,
  weightedInterval,
  weightedScore,
} from './jackknife.js';
import { groupedMeanInterval, meanInterval } from './means.js';
import { type Pair, sides } from './pairs.js';
import type { Verdicts } from './rates.js';
import { groupTau, orderedPairs } from './within-groups.js';

/*
 * Intervals, 95 %, over tasks. Each takes a list of tasks with what hangs on each, gives n as the number of tasks with something to
 * measure, and is null for fewer than two of them, where the statistic is undefined, or where it hangs on one task.
 */

/** Sums of a list of pairs from which κ is computed. */
const KAPPA_SUMS = 6;

/**
 * Of `weightedKappa` of readings of 0–1.
 *
 * Perfect agreement, or a side that says one thing only, leaves no error to see. The interval then goes as far as κ would if the share of
 * tasks that may be unlike all that were seen (`unseen`) read (0, 0), (1, 1), (0, 1) or (1, 0).
 *
 * @param tasks what was read of each task: one list of pairs a criterion, the same criteria in each task.
 * @param weights what each task stands for; absent: every one for itself.
 * @throws {RangeError} a reading is outside 0–1.
 */
export function kappaInterval(
  tasks: readonly (readonly (readonly Pair[])[])[],
  weights?: readonly number[],
): Estimate | null {
  const isRead = (lists: readonly (readonly Pair[])[]): boolean => lists.some((pairs) => pairs.length > 0);
  const ofRead = weights?.filter((_, i) => isRead(tasks[i]!));
  const sums = tasks.filter(isRead).map((lists) => lists.flatMap(kappaSums));
  const units = weighted(sums, ofRead);
  const found = jackknifeOfSums(units, kappaOfSums);
  if (!found) return null;
  if (found.error > 1e-9) return weightedScore(found, ofRead, SIGNED);
  return { ...unanimousKappa({ ...found, n: equalUnits(found.n, ofRead) }, units), n: found.n };
}

/**
 * Of the κ of one set of readings less that of another, on the same tasks.
 *
 * @param tasks of each set what `kappaInterval` takes; a task may have none of either.
 * @throws {RangeError} a reading is outside 0–1.
 */
export function kappaDifferenceInterval(
  tasks: readonly (readonly [first: readonly (readonly Pair[])[], second: readonly (readonly Pair[])[]])[],
): Estimate | null {
  const units = tasks.map((sets) => sets.flatMap((lists) => lists.flatMap(kappaSums)));
  const half = (units[0]?.length ?? 0) / 2;
  const found = jackknifeOfSums(units, (sums) => {
    const [a, b] = [kappaOfSums(sums.slice(0, half)), kappaOfSums(sums.slice(half))];
    return a === null || b === null ? null : a - b;
  });
  return found && scoreInterval(found, { low: 2 * SIGNED.low, high: 2 * SIGNED.high });
}

function kappaSums(pairs: readonly Pair[]): number[] {
  const [a, b] = sides(pairs);
  const sums = [a.length, 0, 0, 0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    if (x < 0 || x > 1 || y < 0 || y > 1)
      throw new RangeError(`expected readings of 0 to 1, got ${x} and ${y}`);
    sums[1]! += x;
    sums[2]! += y;
    sums[3]! += x * x;
    sums[4]! += y * y;
    sums[5]! += (x - y) ** 2;
  }
  return sums;
}

function kappaOfSums(sums: readonly number[]): number | null {
  let [observed, expected] = [0, 0];
  for (let i = 0; i < sums.length; i += KAPPA_SUMS) {
    const n = sums[i]!;
    if (n === 0) continue;
    observed += sums[i + 5]!;
    expected += sums[i + 3]! + sums[i + 4]! - (2 * sums[i + 1]! * sums[i + 2]!) / n;
  }
  return expected < 1e-9 ? null : 1 - observed / expected;
}

function unanimousKappa({ estimate, n }: Jackknife, units: readonly (readonly number[])[]): Estimate {
  const sums = totalsOf(units);
  const share = unseen(n);
  const extremes: Pair[] = [
    [0, 0],
    [1, 1],
    [0, 1],
    [1, 0],
  ];
  const reached = extremes.map((pair) => {
    const one = kappaSums([pair]);
    const extreme = sums.map((_, k) => one[k % KAPPA_SUMS]! * sums[k - (k % KAPPA_SUMS)]!);
    return kappaOfSums(sums.map((sum, k) => (1 - share) * sum + share * extreme[k]!)) ?? estimate;
  });
  return { mean: estimate, low: Math.min(estimate, ...reached), high: Math.max(estimate, ...reached), n };
}

/**
 * Of balanced accuracy, from the intervals of sensitivity and specificity (MOVER, Zou and Donner 2008): right also where one of them never
 * failed. What makes a task hard for both kinds of answers makes the two rise and fall together, which their correlation over tasks allows for.
 *
 * @param tasks the verdicts on each task's answers.
 * @param weights what each task stands for; absent: every one for itself.
 * @returns n is the smaller of the number of tasks with an answer that is labelled pass and with one labelled fail.
 */
export function balancedAccuracyInterval(
  tasks: readonly (readonly Verdicts[])[],
  weights?: readonly number[],
): Estimate | null {
  const right = (kind: boolean): number[][] =>
    tasks.map((verdicts) =>
      verdicts.flatMap(([judge, label]) => (label === kind ? [Number(judge === kind)] : [])),
    );
  const [ofPasses, ofFails] = [right(true), right(false)];
  const [a, b] = [
    groupedMeanInterval(ofPasses, SHARE, weights),
    groupedMeanInterval(ofFails, SHARE, weights),
  ];
  if (!a || !b) return null;
  const mean = (a.mean + b.mean) / 2;
  const together = correlation(excess(ofPasses, a.mean), excess(ofFails, b.mean)) ?? 0;
  const reach = (x: number, y: number): number => Math.sqrt(x * x + y * y + 2 * together * x * y) / 2;
  return {
    mean,
    low: mean - reach(a.mean - a.low, b.mean - b.low),
    high: mean + reach(a.high - a.mean, b.high - b.mean),
    n: Math.min(a.n, b.n),
  };
}

/** By how much each group's sum is above that of as many values at the mean. */
const excess = (groups: readonly (readonly number[])[], mean: number): number[] =>
  groups.map((group) => group.reduce((sum, value) => sum + value - mean, 0));

/**
 * Of `pairAccuracy`.
 *
 * @param groups [judge's score, label] of each answer, one group a task.
 * @param weights what each task stands for; absent: every one for itself.
 * @throws {RangeError} a reading is not finite.
 */
export function pairAccuracyInterval(
  groups: readonly (readonly Pair[])[],
  weights?: readonly number[],
): Estimate | null {
  const all = groups.map(orderedPairs);
  return weightedInterval(
    all.filter(({ pairs }) => pairs > 0).map(({ right, pairs }) => [right, pairs]),
    weights?.filter((_, i) => all[i]!.pairs > 0),
    ([right, pairs]) => right! / pairs!,
    SHARE,
  );
}

/**
 * Of `withinTau`.
 *
 * @throws {RangeError} a reading is not finite.
 */
export function withinTauInterval(
  groups: readonly (readonly Pair[])[],
  weights?: readonly number[],
): Estimate | null {
  const all = groups.map(groupTau);
  return meanInterval(
    all.filter((tau) => tau !== null),
    SIGNED,
    weights?.filter((_, i) => all[i] !== null),
  );
}
