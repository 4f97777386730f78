import { defineAlgorithm } from './algorithm.js';
import { clipped, meanRatio } from './parts/objectives.js';
import { besideGroup } from './parts/beside-group.js';
import { policyLoss } from './parts/policy-loss.js';
import { clipping, errorRates, scaling, terms } from './parts/settings.js';
import { answerMean } from './parts/token-weights.js';

/**
 * Group Sequence Policy Optimisation (arXiv 2507.18071): one ratio an answer, clipped as a whole, since the reward is of the whole
 * answer too. Its clip is far narrower than a token's.
 *
 *     s_i = (π(o_i) / π_old(o_i))^(1/|o_i|) = exp(mean_t log ρ_it)
 *     L   = 1 / N · Σ_i −min(s_i A_i, clip(s_i, 1 − 3e-4, 1 + 4e-4) A_i)
 *
 * Log-ratios .1, −.2, .3: s = 1.068939.
 */
export const gspo = defineAlgorithm({
  name: 'gspo',
  description: 'Group sequence policy optimisation: one ratio an answer',
  settings: { ...clipping(3e-4, 4e-4), ...scaling('group'), ...terms, ...errorRates },
  open: (settings, circumstances) => ({
    advantages: besideGroup(settings, circumstances),
    tokenWeights: answerMean,
    loss: policyLoss(clipped(meanRatio, settings), settings),
  }),
});
