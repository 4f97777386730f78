import { type Ratings, saidOf } from './agreement-of-many.js';
import { Z95 } from './distributions.js';
import { meanOf, squaresOf, sumOf } from './values.js';

/**
 * ICC(1,1) (Shrout and Fleiss 1979): how much of the variance of one rating is between items, for raters that are
 * interchangeable, such as repeats of one judge: (MSB − MSW) / (MSB + (k − 1) MSW). At most 1.
 *
 * Items may have different numbers of ratings; then k is (N − Σ kᵢ² / N) / (n − 1) (Donner 1986). An item without any is left out.
 *
 * @returns null for fewer than two items, no item with two ratings, or no variance at all.
 * @throws {RangeError} a rating is not finite.
 */
export function iccOneWay(ratings: Ratings): number | null {
  const items = saidOf(ratings).filter((item) => item.length > 0);
  const all = items.flat();
  const freedom = all.length - items.length;
  if (items.length < 2 || freedom === 0 || all.every((rating) => rating === all[0])) return null;
  const within = sumOf(items.map(squaresOf));
  const k = (all.length - sumOf(items.map((item) => item.length ** 2)) / all.length) / (items.length - 1);
  const between = (squaresOf(all) - within) / (items.length - 1);
  const error = within / freedom;
  return (between - error) / (between + (k - 1) * error);
}

/**
 * ICC(2,1) (Shrout and Fleiss 1979): absolute agreement of one rating of raters drawn from many, such as different judges or people;
 * a rater who is stricter than the others costs: (MSR − MSE) / (MSR + (k − 1) MSE + k (MSC − MSE) / n). At most 1.
 *
 * Only items that every rater rated count.
 *
 * @returns null for fewer than two such items or raters, or no variance at all.
 * @throws {RangeError} a rating is not finite.
 */
export function iccTwoWay(ratings: Ratings): number | null {
  const raters = Math.max(0, ...ratings.map((item) => item.length));
  const items = saidOf(ratings).filter((item) => item.length === raters);
  const all = items.flat();
  if (items.length < 2 || raters < 2 || all.every((rating) => rating === all[0])) return null;
  const n = items.length;
  const rows = raters * squaresOf(items.map(meanOf));
  const columns =
    n * squaresOf(Array.from({ length: raters }, (_, j) => meanOf(items.map((item) => item[j]!))));
  const msr = rows / (n - 1);
  const msc = columns / (raters - 1);
  const mse = (squaresOf(all) - rows - columns) / ((n - 1) * (raters - 1));
  return (msr - mse) / (msr + (raters - 1) * mse + (raters * (msc - mse)) / n);
}

/**
 * Standard error of measurement: the standard deviation of repeats of one item, pooled over items, √(Σ squares within / Σ (kᵢ − 1)).
 * In units of the score.
 *
 * @returns null where no item has two ratings.
 * @throws {RangeError} a rating is not finite.
 */
export function standardErrorOfMeasurement(ratings: Ratings): number | null {
  const items = saidOf(ratings).filter((item) => item.length > 1);
  if (items.length === 0) return null;
  return Math.sqrt(sumOf(items.map(squaresOf)) / sumOf(items.map((item) => item.length - 1)));
}

/** Two readings of one thing that differ by less than this are no change (95 %): 1.96 √2 standard errors of measurement. */
export function smallestDetectableChange(standardError: number): number {
  return Z95 * Math.SQRT2 * standardError;
}

/**
 * Reliability of the mean of k ratings (Spearman and Brown 1910): k r / (1 + (k − 1) r).
 *
 * @param reliability of one, such as an ICC.
 * @returns null for a reliability below 0, which the formula does not carry on.
 */
export function spearmanBrown(reliability: number, k: number): number | null {
  return reliability >= 0 ? (k * reliability) / (1 + (k - 1) * reliability) : null;
}

/**
 * The fewest repeats whose mean has the target reliability.
 *
 * @param target above 0 and below 1.
 * @returns at least 1; null for a reliability of 0 or less: no number of repeats will do.
 */
export function repeatsNeeded(reliability: number, target: number): number | null {
  if (!(target > 0 && target < 1)) throw new RangeError(`expected a target between 0 and 1, got ${target}`);
  if (!(reliability > 0)) return null;
  const k = (target * (1 - reliability)) / (reliability * (1 - target));
  return Math.max(1, Math.ceil(k - 1e-9)); // rounding must not ask for one more
}
