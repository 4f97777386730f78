import type { DifferentiableGraph, Value } from '@touchstone/engine';

export const KL_ESTIMATORS = ['k1', 'k2', 'k3'] as const;
export type KlEstimator = (typeof KL_ESTIMATORS)[number];

/**
 * KL of the policy to the reference, from single tokens (Schulman 2020, joschu.net/blog/kl-approx.html), x = log π_ref − log π:
 *
 *     k1 = −x      unbiased, may be negative; as a loss its gradient is 0 on average
 *     k2 = x² / 2  never negative; as a loss its gradient is that of the KL
 *     k3 = eˣ − x − 1  unbiased and never negative
 */
export function klOf(
  g: DifferentiableGraph,
  estimator: KlEstimator,
  logprobs: Value,
  reference: Value,
): Value {
  // Clamped as verl does: a token that the reference all but excludes must not swamp the step.
  const x = g.clamp(g.subtract(reference, logprobs), -20, 20);
  if (estimator === 'k1') return g.negate(x);
  if (estimator === 'k2') return g.multiply(g.scalar(0.5), g.multiply(x, x));
  return g.subtract(g.subtract(g.exp(x), x), g.scalar(1));
}
