import { defineAlgorithm } from './algorithm.js';
import { clipped, tokenRatio } from './parts/objectives.js';
import { besideGroup } from './parts/beside-group.js';
import { policyLoss } from './parts/policy-loss.js';
import { clipping, errorRates, scaling, terms } from './parts/settings.js';
import { tokenMean } from './parts/token-weights.js';

/**
 * Group Relative Policy Optimisation (arXiv 2402.03300): push each answer by how far it is above its group. The token mean and a
 * higher clip above than below are DAPO's (arXiv 2503.14476); the deviation is none here, since dividing by a group's own blows
 * a judge's noise up.
 *
 *     A_i = R_i − mean(R_G), over std(R_G) + 1e-4 with deviation: group
 *     ρ   = π(o_it) / π_old(o_it)
 *     L   = 1 / Σ|o_i| · Σ_i Σ_t −min(ρ A_i, clip(ρ, 1 − ε_low, 1 + ε_high) A_i) + β KL(π, π_ref)
 *
 * R = 1, 0, .5, .5, .25, .75, 1, 0: A = .5, −.5, 0, 0, −.25, .25, .5, −.5; with its deviation .4008919 they are 1.246908, … .623454.
 */
export const grpo = defineAlgorithm({
  name: 'grpo',
  description: 'Group relative policy optimisation: token mean, no deviation unless asked for',
  settings: { ...clipping(0.2, 0.28), ...scaling('none'), ...terms, ...errorRates },
  open: (settings, circumstances) => ({
    advantages: besideGroup(settings, circumstances),
    tokenWeights: tokenMean,
    loss: policyLoss(clipped(tokenRatio, settings), settings),
  }),
});
