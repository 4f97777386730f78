import { Z95 } from './distributions.js';
import { type Pair, sides } from './pairs.js';
import { meanOf, squaresOf, sumOf } from './values.js';

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
  const [a, b] = sides(pairs);
  let observed = 0;
  for (let i = 0; i < n; i++) observed += (a[i]! - b[i]!) ** 2;
  const spread = squaresOf(a) + squaresOf(b);
  return { observed: observed / n, expected: spread / n + (meanOf(a) - meanOf(b)) ** 2 };
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
 * @throws {RangeError} a reading is not finite.
 */
export function weightedKappa(...lists: readonly (readonly Pair[])[]): number | null {
  const halves = lists.map((pairs) => ({ ...disagreement(pairs), n: pairs.length }));
  const observed = sumOf(halves.map((half) => half.observed * half.n));
  const expected = sumOf(halves.map((half) => half.expected * half.n));
  return expected < 1e-12 ? null : 1 - observed / expected; // not 0: means of equal numbers are rounded
}

/**
 * Gwet's AC1 (2008): agreement beyond chance that does not collapse where nearly all is of one category. Chance agreement is
 * Σ π(1 − π) / (K − 1), π being the mean of both sides' shares of a category. At most 1; read beside κ.
 *
 * @param categories K, those that could have been said: 2 for a Boolean criterion.
 * @returns null for no pairs.
 * @throws {RangeError} fewer than two categories, more said than there are, or a reading that is not finite.
 */
export function gwetAC1(pairs: readonly Pair[], categories: number): number | null {
  const said = sides(pairs).flat();
  const counts = new Map<number, number>();
  for (const reading of said) counts.set(reading, (counts.get(reading) ?? 0) + 1);
  if (!Number.isInteger(categories) || categories < Math.max(2, counts.size)) {
    throw new RangeError(`expected at least ${Math.max(2, counts.size)} categories, got ${categories}`);
  }
  if (pairs.length === 0) return null;
  const shares = [...counts.values()].map((count) => count / said.length);
  const chance = sumOf(shares.map((share) => share * (1 - share))) / (categories - 1);
  const observed = pairs.filter(([a, b]) => a === b).length / pairs.length;
  return (observed - chance) / (1 - chance);
}

/**
 * Lin's concordance correlation (1989): 2 s_ab / (s_a² + s_b² + (ā − b̄)²), moments with divisor n. Like Pearson's, less what a
 * shift or a stretch of the scale costs. −1 to 1. It is quadratically weighted κ, so that is what computes it.
 *
 * @returns null when both sides always said one and the same thing, or for no pairs.
 * @throws {RangeError} a reading is not finite.
 */
export function concordance(pairs: readonly Pair[]): number | null {
  return weightedKappa(pairs);
}

/** How far two judges lie apart on one scale. */
export interface Limits {
  /** Mean of the first less the second: the shift. */
  shift: number;
  /** 95 % of the differences lie between these, if they are normal. */
  low: number;
  high: number;
}

/**
 * Bland–Altman limits of agreement (1986): the mean difference ± 1.96 standard deviations of the differences (divisor n − 1).
 *
 * @returns null for fewer than two pairs.
 * @throws {RangeError} a reading is not finite.
 */
export function blandAltman(pairs: readonly Pair[]): Limits | null {
  if (pairs.length < 2) return null;
  const [a, b] = sides(pairs);
  const differences = a.map((value, i) => value - b[i]!);
  const shift = meanOf(differences);
  const reach = Z95 * Math.sqrt(squaresOf(differences) / (pairs.length - 1));
  return { shift, low: shift - reach, high: shift + reach };
}
