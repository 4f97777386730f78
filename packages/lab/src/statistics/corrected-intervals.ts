import type { Estimate } from '@touchstone/spec';

import { judgedSums, labelledSums, predictionPoweredOfSums, roganGladen } from './corrected-rates.js';
import { balancedAccuracyInterval } from './intervals.js';
import { type Jackknife, jackknifeOfSums, scoreInterval, SHARE, totalsOf, UNBOUNDED } from './jackknife.js';
import type { Pair } from './pairs.js';
import type { Verdicts } from './rates.js';

/** A judge whose sensitivity + specificity − 1 may be less than this corrects nothing. */
const LEAST_YOUDEN = 0.2;

/*
 * Intervals, 95 %, of rates that are corrected for the judge's errors. Both samples are uncertain, and both are taken so: an interval from
 * the labelled ones alone covers as little as half.
 */

/**
 * Of `roganGladen`: Student's, from the jackknife over the tasks of each sample, with one pass and one fail added to the counts of sensitivity
 * and specificity (Lang and Reiczigel 2014 add as much), without which a judge that never erred on few labels would be certain.
 *
 * @param judged tasks: whether the judge passed each answer without a label.
 * @param labelled other tasks of the same population: the verdicts on each answer with a label.
 * @returns n is the number of tasks with labels; null as `roganGladen`, for fewer than two tasks of either kind, and where the
 *   interval of sensitivity + specificity − 1 goes below 0.2.
 */
export function roganGladenInterval(
  judged: readonly (readonly boolean[])[],
  labelled: readonly (readonly Verdicts[])[],
): Estimate | null {
  const accuracy = balancedAccuracyInterval(labelled);
  const mean = roganGladen(judged.flat(), labelled.flat());
  if (mean === null || !accuracy || 2 * accuracy.low - 1 < LEAST_YOUDEN) return null;
  const passes = judged
    .filter((answers) => answers.length > 0)
    .map((answers) => [answers.filter(Boolean).length, answers.length]);
  const right = labelled.filter((verdicts) => verdicts.length > 0).map(ratesSums);
  const [passed, all] = totalsOf(passes) as [number, number];
  const totals = totalsOf(right);
  const correct = (share: number, [hits, passes, rejected, fails]: readonly number[]): number => {
    const [sensitivity, specificity] = [(hits! + 1) / (passes! + 2), (rejected! + 1) / (fails! + 2)];
    return (share + specificity - 1) / (sensitivity + specificity - 1);
  };
  const found = combined(
    jackknifeOfSums(right, (sums) => correct(passed / all, sums)),
    jackknifeOfSums(passes, ([some, of]) => correct(some! / of!, totals)),
  );
  return found && within(SHARE, mean, scoreInterval(found, UNBOUNDED));
}

/** Labelled passes that the judge passed, labelled passes, labelled fails that it failed, labelled fails. */
function ratesSums(verdicts: readonly Verdicts[]): number[] {
  const sums = [0, 0, 0, 0];
  for (const [judge, label] of verdicts) {
    const at = label ? 0 : 2;
    sums[at]! += Number(judge === label);
    sums[at + 1]! += 1;
  }
  return sums;
}

/**
 * Of `predictionPowered`, of scores and labels of 0–1, over the tasks of each sample.
 *
 * @param judged tasks: the judge's score of each answer without a label.
 * @param labelled other tasks of the same population: [judge's score, label] of each answer with a label.
 * @returns n is the number of tasks with labels; null for fewer than two tasks of either kind.
 * @throws {RangeError} a reading is not finite.
 */
export function predictionPoweredInterval(
  judged: readonly (readonly number[])[],
  labelled: readonly (readonly Pair[])[],
): Estimate | null {
  const scores = judged.filter((task) => task.length > 0).map(judgedSums);
  const pairs = labelled.filter((task) => task.length > 0).map(labelledSums);
  const [allScores, allPairs] = [totalsOf(scores), totalsOf(pairs)];
  const found = combined(
    jackknifeOfSums(pairs, (sums) => predictionPoweredOfSums(allScores, sums)?.mean ?? null),
    jackknifeOfSums(scores, (sums) => predictionPoweredOfSums(sums, allPairs)?.mean ?? null),
  );
  return found && scoreInterval(found, SHARE);
}

/** One statistic of two independent samples: their errors add up in squares. The labelled ones are the scarce ones. */
function combined(labelled: Jackknife | null, judged: Jackknife | null): Jackknife | null {
  return labelled && judged && { ...labelled, error: Math.hypot(labelled.error, judged.error) };
}

function within(range: typeof SHARE, mean: number, { low, high, n }: Estimate): Estimate {
  return {
    mean,
    low: Math.min(mean, Math.max(range.low, low)),
    high: Math.max(mean, Math.min(range.high, high)),
    n,
  };
}
