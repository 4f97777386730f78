import { type Pair, sides } from './pairs.js';
import { finite, meanOf, ranks, squaresOf } from './values.js';

/**
 * Pearson's correlation, −1 to 1: covariance over the product of the standard deviations.
 *
 * @returns null for fewer than two pairs or when a side never varies.
 * @throws {RangeError} a value is not finite.
 */
export function pearson(pairs: readonly Pair[]): number | null {
  const [a, b] = sides(pairs);
  return correlation(a, b);
}

/**
 * Spearman's rank correlation: Pearson's of the ranks, ties sharing their mean rank. −1 to 1.
 *
 * @returns null for fewer than two pairs or when a side never varies.
 * @throws {RangeError} a value is not finite.
 */
export function spearman(pairs: readonly Pair[]): number | null {
  const [a, b] = sides(pairs);
  return correlation(ranks(a), ranks(b));
}

/**
 * Spearman's correlation of two readings with a third (length, say) held constant: (r_ab − r_ac r_bc) / √((1 − r_ac²)(1 − r_bc²)).
 * −1 to 1.
 *
 * @param control one value a pair.
 * @returns null for fewer than three pairs, when one of the three never varies, or when the control alone already gives
 *   the order of a side.
 * @throws {RangeError} a value is not finite, or the lists differ in length.
 */
export function partialSpearman(pairs: readonly Pair[], control: readonly number[]): number | null {
  if (control.length !== pairs.length) {
    throw new RangeError(`expected a control for each pair, got ${control.length} for ${pairs.length}`);
  }
  if (pairs.length < 3) return null;
  const [a, b] = sides(pairs).map(ranks) as [number[], number[]];
  const c = ranks(finite(control, 'controls'));
  const [ab, ac, bc] = [correlation(a, b), correlation(a, c), correlation(b, c)];
  if (ab === null || ac === null || bc === null) return null;
  const left = (1 - ac ** 2) * (1 - bc ** 2);
  return left < 1e-12 ? null : within1((ab - ac * bc) / Math.sqrt(left)); // not 0: correlations are rounded
}

/**
 * Kendall's τ_b (1945): pairs of readings that both sides put in the same order less those they put in opposite orders,
 * over √((pairs without a tie on one side) · (on the other)). −1 to 1. Compares every two readings: n² / 2 steps.
 *
 * @returns null for fewer than two pairs or when a side never varies.
 * @throws {RangeError} a value is not finite.
 */
export function kendall(pairs: readonly Pair[]): number | null {
  const [a, b] = sides(pairs);
  let [same, untiedA, untiedB] = [0, 0, 0];
  for (let i = 1; i < a.length; i++) {
    for (let j = 0; j < i; j++) {
      const [orderA, orderB] = [Math.sign(a[i]! - a[j]!), Math.sign(b[i]! - b[j]!)];
      same += orderA * orderB;
      untiedA += Math.abs(orderA);
      untiedB += Math.abs(orderB);
    }
  }
  return tauOfCounts([same, untiedA, untiedB]);
}

/** τ_b of [pairs in common order less those in opposite, pairs untied on one side, on the other]; null when a side never varies. */
export function tauOfCounts(counts: ArrayLike<number>): number | null {
  const [same, untiedA, untiedB] = [counts[0]!, counts[1]!, counts[2]!];
  return untiedA === 0 || untiedB === 0 ? null : within1(same / Math.sqrt(untiedA) / Math.sqrt(untiedB));
}

/**
 * Pearson’s of two lists of one length. Rounding neither pushes it past ±1 nor makes a spread of equal numbers.
 *
 * @returns null when a side never varies.
 */
export function correlation(a: readonly number[], b: readonly number[]): number | null {
  if (isConstant(a) || isConstant(b)) return null;
  const [meanA, meanB] = [meanOf(a), meanOf(b)];
  let covariance = 0;
  for (let i = 0; i < a.length; i++) covariance += (a[i]! - meanA) * (b[i]! - meanB);
  const spread = Math.sqrt(squaresOf(a)) * Math.sqrt(squaresOf(b));
  return spread > 0 ? within1(covariance / spread) : null;
}

function isConstant(values: readonly number[]): boolean {
  return values.every((value) => value === values[0]);
}

function within1(value: number): number {
  return Math.max(-1, Math.min(1, value));
}
