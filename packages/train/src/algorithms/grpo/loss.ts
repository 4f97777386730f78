import type { TokenLoss } from '@touchstone/engine';
import type { GrpoSettings } from './settings.js';

/**
 * GRPO's token loss, summed: Σ w · (−min(ρA, clip(ρ, 1−clip_low, 1+clip_high)·A) + kl_coefficient·k3) with ρ = exp(log π − log π_old) and
 * k3 = exp(x) − x − 1, x = log π_ref − log π (Schulman's unbiased estimator). With w = 1 / (tokens of the whole step)
 * it is the token mean over the step (DAPO).
 */
export function grpoLoss({
  clip_low,
  clip_high,
  kl_coefficient,
}: Omit<GrpoSettings, 'scale_advantages'>): TokenLoss {
  const withReference = kl_coefficient > 0;
  return {
    key: `grpo/${clip_low}/${clip_high}/${kl_coefficient}`,
    columns: ['old', 'advantage', 'weight', ...(withReference ? ['reference'] : [])],
    build(g, logprobs, { old, advantage, weight, reference }) {
      const ratio = g.exp(g.subtract(logprobs, old!));
      const surrogate = g.multiply(ratio, advantage!);
      const clipped = g.multiply(g.clamp(ratio, 1 - clip_low, 1 + clip_high), advantage!);
      const objective = g.minimum(surrogate, clipped);
      const weightedMean = (value: typeof ratio): typeof ratio => g.sum(g.multiply(value, weight!));
      let loss = g.negate(weightedMean(objective));
      const isClipped = g.node('Cast', [g.node('Less', [clipped, surrogate], ratio.shape)], ratio.shape, {
        to: 1,
      });
      const metrics = { clip_fraction: weightedMean(isClipped) };
      if (!withReference) return { loss, metrics };
      // Clamped as verl does: a token that the reference all but excludes must not swamp the step.
      const x = g.clamp(g.subtract(reference!, logprobs), -20, 20);
      const kl = weightedMean(g.subtract(g.subtract(g.exp(x), x), g.scalar(1)));
      loss = g.add(loss, g.multiply(g.scalar(kl_coefficient), kl));
      return { loss, metrics: { ...metrics, kl } };
    },
  };
}
