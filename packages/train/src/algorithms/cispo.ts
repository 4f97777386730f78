import { z } from 'zod';
import { defineAlgorithm } from './algorithm.js';
import { tokenRatio, weighted } from './parts/objectives.js';
import { besideGroup } from './parts/beside-group.js';
import { policyLoss } from './parts/policy-loss.js';
import { errorRates, scaling, terms } from './parts/settings.js';
import { tokenMean } from './parts/token-weights.js';

/**
 * Clipped IS-weight Policy Optimisation (MiniMax-M1, arXiv 2506.13585): the ratio is a weight that is capped, not a surrogate that is
 * clipped, so that no token loses its gradient, the rare ones that turn an argument least of all. The cap of 5 is ScaleRL's
 * (arXiv 2510.13786).
 *
 *     L = 1 / Σ|o_i| · Σ_i Σ_t −sg(min(ρ_it, cap)) A_i log π(o_it)
 *
 * ρ 7, A 2, log π −1, cap 5: 10, with the gradient −10.
 */
export const cispo = defineAlgorithm({
  name: 'cispo',
  description: 'CISPO: the ratio as a capped weight, every token keeps its gradient',
  settings: {
    ratio_cap: z
      .number()
      .min(1)
      .default(5)
      .describe('The probability ratio weighs a token by this much at most'),
    ...scaling('group'),
    ...terms,
    ...errorRates,
  },
  open: (settings, circumstances) => ({
    advantages: besideGroup(settings, circumstances),
    tokenWeights: tokenMean,
    loss: policyLoss(weighted(tokenRatio, settings.ratio_cap), settings),
  }),
});
