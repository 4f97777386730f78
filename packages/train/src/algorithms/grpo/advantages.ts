const EPSILON = 1e-4;

/**
 * Group-relative advantages R − μ, over σ + 1e-4 where asked (σ with Bessel's correction).
 * @param rewards_G one group's rewards; null marks a rollout without one, left out of μ and σ
 * @param options.scale divide by the deviation (GRPO, arXiv 2402.03300). Off is Dr. GRPO (arXiv 2503.20783): better
 *   with a noisy judge, whose small differences scaling would blow up
 * @returns advantages_G; null where the reward was null. A group with fewer than two rewards has no contrast: zeros.
 */
export function groupAdvantages(
  rewards_G: readonly (number | null)[],
  { scale }: { scale: boolean },
): (number | null)[] {
  const present = rewards_G.filter((reward) => reward !== null);
  if (present.length < 2) return rewards_G.map((reward) => (reward === null ? null : 0));
  const mean = present.reduce((a, b) => a + b, 0) / present.length;
  const variance = present.reduce((sum, reward) => sum + (reward - mean) ** 2, 0) / (present.length - 1);
  const divisor = scale ? Math.sqrt(variance) + EPSILON : 1;
  return rewards_G.map((reward) => (reward === null ? null : (reward - mean) / divisor));
}
