import type { Estimate } from '@touchstone/spec';

import { Z95 } from './distributions.js';

/**
 * Score interval of a proportion, 95 % (Wilson 1927): right at and near 0 and 1, where resampling is not.
 *
 * @returns null for n = 0.
 * @throws {RangeError} successes outside 0 to n.
 */
export function wilson(successes: number, n: number): Estimate | null {
  if (!(successes >= 0 && successes <= n))
    throw new RangeError(`expected 0 to ${n} successes, got ${successes}`);
  if (n === 0) return null;
  const p = successes / n;
  const centre = (p + (Z95 * Z95) / (2 * n)) / (1 + (Z95 * Z95) / n);
  const half = (Z95 * Math.sqrt((p * (1 - p)) / n + (Z95 * Z95) / (4 * n * n))) / (1 + (Z95 * Z95) / n);
  // At the ends the bound is exact; rounding must not push it past the mean.
  return { mean: p, low: successes === 0 ? 0 : centre - half, high: successes === n ? 1 : centre + half, n };
}
