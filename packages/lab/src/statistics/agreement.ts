import { meanOf, sumOf } from './bootstrap.js';

/** Two readings of one thing: the judge's and the label, each a number on one scale. */
export type Pair = readonly [number, number];

/**
 * Observed disagreement and the disagreement that chance alone would give, as mean squared differences: the two halves
 * of quadratically weighted κ. Chance pairs each reading of one side with each of the other, which for squared
 * differences is the two variances plus the squared difference of the means.
 *
 * @returns both 0 for no pairs.
 */
function disagreement(pairs: readonly Pair[]): { observed: number; expected: number } {
  const n = pairs.length;
  if (n === 0) return { observed: 0, expected: 0 };
  let [meanA, meanB] = [0, 0];
  for (const [a, b] of pairs) {
    meanA += a;
    meanB += b;
  }
  meanA /= n;
  meanB /= n;
  let [observed, spread] = [0, 0];
  for (const [a, b] of pairs) {
    observed += (a - b) ** 2;
    spread += (a - meanA) ** 2 + (b - meanB) ** 2;
  }
  return { observed: observed / n, expected: spread / n + (meanA - meanB) ** 2 };
}

/**
 * Quadratically weighted κ (Cohen 1968): 1 − observed / expected disagreement. For readings of 0 and 1 it is Cohen's
 * κ (1960). 1 is perfect, 0 what chance gives, below 0 worse than chance.
 *
 * Given several lists (one a criterion), both halves are summed over all pairs with chance taken inside each list, so
 * that a criterion that is mostly passed and one that is mostly failed do not look like agreement. The lists must then
 * share a scale (0–1).
 *
 * @returns null when chance alone agrees perfectly: both sides always said one and the same thing, or there are no pairs.
 */
export function weightedKappa(...lists: readonly (readonly Pair[])[]): number | null {
  const halves = lists.map((pairs) => ({ ...disagreement(pairs), n: pairs.length }));
  const observed = sumOf(halves.map((half) => half.observed * half.n));
  const expected = sumOf(halves.map((half) => half.expected * half.n));
  return expected < 1e-12 ? null : 1 - observed / expected; // not 0: means of equal numbers are rounded
}

/**
 * Spearman's rank correlation: Pearson's of the ranks, ties sharing their mean rank. −1 to 1.
 *
 * @returns null for fewer than two pairs or when a side never varies.
 */
export function spearman(pairs: readonly Pair[]): number | null {
  return pearson(ranks(pairs.map(([a]) => a)), ranks(pairs.map(([, b]) => b)));
}

function pearson(a: readonly number[], b: readonly number[]): number | null {
  const [meanA, meanB] = [meanOf(a), meanOf(b)];
  const covariance = sumOf(a.map((value, i) => (value - meanA) * (b[i]! - meanB)));
  const spreadA = sumOf(a.map((value) => (value - meanA) ** 2));
  const spreadB = sumOf(b.map((value) => (value - meanB) ** 2));
  if (!(spreadA > 0 && spreadB > 0)) return null;
  return Math.max(-1, Math.min(1, covariance / Math.sqrt(spreadA * spreadB)));
}

/** Ranks from 1, ties sharing the mean of the ranks they take up. */
function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((i, j) => values[i]! - values[j]!);
  const out = values.map(() => 0);
  for (let start = 0, end = 0; start < order.length; start = end) {
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let i = start; i < end; i++) out[order[i]!] = (start + 1 + end) / 2;
  }
  return out;
}
