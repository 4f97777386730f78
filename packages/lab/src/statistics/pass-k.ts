/**
 * Chance that k answers to a task all pass, over all ways to draw k of those at hand without replacement: C(c, k) / C(n, k) of c passes among n
 * (pass^k, Yao et al. 2024). Unbiased for k answers sampled afresh; the share of passes to the power of k is too high.
 *
 * @param k from 1.
 * @returns null for fewer than k answers.
 * @throws {RangeError} k is not a positive integer.
 */
export function passPowerK(passed: readonly boolean[], k: number): number | null {
  if (!Number.isInteger(k) || k < 1) throw new RangeError(`expected a positive integer k, got ${k}`);
  const n = passed.length;
  if (n < k) return null;
  const passes = passed.filter(Boolean).length;
  let chance = 1;
  for (let i = 0; i < k; i++) chance *= Math.max(0, passes - i) / (n - i);
  return chance;
}
