import { correlation } from './correlation.js';
import { ranks } from './values.js';

/**
 * Area under the ROC curve: how often a case with the outcome has the higher score of the two than one without; a tie counts half
 * (Mann and Whitney 1947, from ranks). 0–1, 0.5 for a score that says nothing.
 *
 * @param outcomes one a score.
 * @returns null where all outcomes are one.
 */
export function areaUnderCurve(scores: readonly number[], outcomes: readonly boolean[]): number | null {
  const positives = outcomes.filter(Boolean).length;
  const negatives = outcomes.length - positives;
  if (positives === 0 || negatives === 0) return null;
  const ofPositives = ranks(scores).reduce((sum, rank, i) => sum + (outcomes[i] ? rank : 0), 0);
  return (ofPositives - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/**
 * The lowest and the highest that Spearman's correlation of two lists could be, whichever value of the one stood beside which of the other:
 * ±1 without ties, less with them. A pass in nine of ten and a success in half can come to a third at most.
 *
 * @returns null when a side never varies.
 */
export function attainableSpearman(a: readonly number[], b: readonly number[]): [number, number] | null {
  const [up, other] = [a, b].map((side) => ranks(side).sort((x, y) => x - y)) as [number[], number[]];
  const [lowest, highest] = [correlation(up.toReversed(), other), correlation(up, other)];
  return lowest === null || highest === null ? null : [lowest, highest];
}
