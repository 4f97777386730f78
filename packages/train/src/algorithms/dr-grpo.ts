import { defineAlgorithm } from './algorithm.js';
import { clipped, tokenRatio } from './parts/objectives.js';
import { besideGroup } from './parts/beside-group.js';
import { policyLoss } from './parts/policy-loss.js';
import { clipping, errorRates, terms } from './parts/settings.js';
import { constantLength } from './parts/token-weights.js';

/**
 * Dr. GRPO (arXiv 2503.20783): GRPO without its two biases. No deviation, which prefers tasks that are nearly all right or all wrong;
 * a constant in place of an answer's length, which prefers long wrong answers.
 *
 *     A_i = R_i − mean(R_G)
 *     L   = 1 / (N · L_max) · Σ_i Σ_t −min(ρ A_i, clip(ρ, 1 − ε_low, 1 + ε_high) A_i)
 *
 * Losses 1, 1 and 2, 2, 2, 2 of two answers with L_max 8: (2 + 8) / 16 = .625.
 */
export const drGrpo = defineAlgorithm({
  name: 'dr-grpo',
  description: 'Dr. GRPO: no deviation, and a constant in place of the length',
  settings: { ...clipping(0.2, 0.2), ...terms, ...errorRates },
  open: (settings, circumstances) => ({
    advantages: besideGroup({ ...settings, deviation: 'none', deviation_floor: 0 }, circumstances),
    tokenWeights: constantLength(circumstances.maxTokens),
    loss: policyLoss(clipped(tokenRatio, settings), settings),
  }),
});
