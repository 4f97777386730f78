import { defineAlgorithm } from '../algorithm.js';
import { tokenMean } from '../token-weights.js';
import { groupAdvantages } from './advantages.js';
import { grpoLoss } from './loss.js';
import { grpoSettings } from './settings.js';

/**
 * Group Relative Policy Optimisation (arXiv 2402.03300): push each answer by how far it is above its group. The token
 * mean and a higher clip above than below are DAPO's (arXiv 2503.14476).
 *
 *     A_i = R_i − mean(R_G), over std(R_G) + 1e-4 when scaled
 *     ρ   = π(o_it) / π_old(o_it)
 *     L   = 1 / Σ|o_i| · Σ_i Σ_t −min(ρ A_i, clip(ρ, 1 − ε_low, 1 + ε_high) A_i) + β KL(π, π_ref)
 */
export const grpo = defineAlgorithm({
  name: 'grpo',
  description: 'Group relative policy optimisation',
  settings: grpoSettings,
  open: (settings) => ({
    advantages: (rewards_G) => groupAdvantages(rewards_G, { scale: settings.scale_advantages }),
    tokenWeights: tokenMean,
    loss: grpoLoss(settings),
  }),
});
