import type { TokenLoss, Value } from '@touchstone/engine';
import { klOf } from './kl.js';
import type { Objective } from './objectives.js';
import type { Terms } from './settings.js';

/**
 * The loss that policy gradients share, summed over tokens with their weights w:
 *
 *     L = Σ w · (−objective + kl_coefficient · KL − entropy_coefficient · H)
 *
 * What is reported of the objective, KL and entropy are means over all tokens of the step, whatever the weights are.
 */
export function policyLoss(
  { key, columns, build }: Objective,
  { kl_coefficient, kl_estimator, entropy_coefficient }: Terms,
): TokenLoss {
  const [withKl, withEntropy] = [kl_coefficient > 0, entropy_coefficient > 0];
  return {
    key: `policy/${key}/${kl_coefficient}/${kl_estimator}/${entropy_coefficient}`,
    columns: [
      ...columns,
      'weight',
      'share',
      ...(withKl ? ['reference'] : []),
      ...(withEntropy ? ['entropy'] : []),
    ],
    build(g, logprobs, given) {
      const { weight, share, reference, entropy } = given;
      const total = (value: Value, of: Value): Value => g.sum(g.multiply(value, of));
      const { objective, isCut } = build(g, logprobs, given);
      const metrics: Record<string, Value> = { clip_fraction: total(isCut, share!) };
      let loss = g.negate(total(objective, weight!));
      if (withKl) {
        const kl = klOf(g, kl_estimator, logprobs, reference!);
        loss = g.add(loss, g.multiply(g.scalar(kl_coefficient), total(kl, weight!)));
        metrics['kl'] = total(kl, share!);
      }
      if (withEntropy) {
        loss = g.subtract(loss, g.multiply(g.scalar(entropy_coefficient), total(entropy!, weight!)));
        metrics['entropy'] = total(entropy!, share!);
      }
      return { loss, metrics };
    },
  };
}
