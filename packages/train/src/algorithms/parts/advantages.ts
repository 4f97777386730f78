const EPSILON = 1e-4;

/** Of which rewards the deviation is taken that advantages are divided by. */
export const DEVIATIONS = ['group', 'batch', 'none'] as const;

interface Scaling {
  deviation: (typeof DEVIATIONS)[number];
  /** The deviation counts as this much at least. */
  floor: number;
}

/**
 * Group-relative advantages R − μ, over max(σ, floor) + 1e-4 where asked (σ with Bessel's correction).
 * @param rewards_P_G null marks a rollout without one, left out of μ and σ
 * @param scaling.deviation σ of each group (GRPO, arXiv 2402.03300), of all rewards of the step (arXiv 2508.08221), or none (Dr. GRPO,
 *   arXiv 2503.20783). A group's own blows small differences up: .70, .70, .70, .72 become −.49, −.49, −.49, 1.49
 * @returns advantages_P_G; null where the reward was null. A group with fewer than two rewards has no contrast: zeros.
 */
export function relativeAdvantages(
  rewards_P_G: readonly (readonly (number | null)[])[],
  { deviation, floor }: Scaling,
): (number | null)[][] {
  const ofBatch = deviation === 'batch' ? deviationOf(rewards_P_G.flatMap(presentOf)) : 0;
  return rewards_P_G.map((rewards_G) => {
    const present = presentOf(rewards_G);
    if (present.length < 2) return rewards_G.map((reward) => (reward === null ? null : 0));
    const mean = meanOf(present);
    const spread = deviation === 'group' ? deviationOf(present) : ofBatch;
    const divisor = deviation === 'none' ? 1 : Math.max(spread, floor) + EPSILON;
    return rewards_G.map((reward) => (reward === null ? null : (reward - mean) / divisor));
  });
}

/** Rewards that there are. */
export const presentOf = (rewards_G: readonly (number | null)[]): number[] =>
  rewards_G.filter((reward) => reward !== null);

const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** With Bessel's correction. */
function deviationOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
