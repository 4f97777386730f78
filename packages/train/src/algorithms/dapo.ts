import { z } from 'zod';
import { defineAlgorithm } from './algorithm.js';
import { clipped, tokenRatio } from './parts/objectives.js';
import { besideGroup } from './parts/beside-group.js';
import { policyLoss } from './parts/policy-loss.js';
import { clipping, scaling, terms } from './parts/settings.js';
import { tokenMean } from './parts/token-weights.js';

/**
 * Decoupled Clip and Dynamic Sampling Policy Optimisation (arXiv 2503.14476): GRPO with a higher clip above, so that rare tokens may
 * become likelier; the mean over all tokens; further tasks in place of groups that are all alike; and answers that come near to
 * their limit punished, softly.
 *
 *     R'_i = R_i + P(|o_i|),  P(l) = 0 up to L_max − C, then (L_max − C − l) / C, −1 beyond L_max
 *     A_i  = (R'_i − mean(R'_G)) / (std(R'_G) + 1e-4)
 *     L    = 1 / Σ|o_i| · Σ_i Σ_t −min(ρ A_i, clip(ρ, 1 − .2, 1 + .28) A_i)
 *
 * P with L_max 20480 and C 4096: 16384 → 0, 17408 → −.25, 20480 → −1. Clip: ρ 1.35, A 1 → 1.28; ρ .7, A −1 → −.8; ρ 5, A −1 → −5.
 */
export const dapo = defineAlgorithm({
  name: 'dapo',
  description: 'DAPO: GRPO with dynamic sampling and a soft limit of length',
  settings: {
    ...clipping(0.2, 0.28),
    ...scaling('group'),
    ...terms,
    overlong_share: z
      .number()
      .min(0)
      .lt(1)
      .default(0.2)
      .describe(
        'Share of policy.max_tokens at its end in which an answer loses reward, up to 1 at the limit; 0 takes nothing away',
      ),
    sampling_tries: z
      .int()
      .min(0)
      .max(20)
      .default(2)
      .describe(
        'How often a step draws answers to further tasks in place of groups whose rewards are all equal',
      ),
  },
  open(settings, circumstances) {
    const { maxTokens } = circumstances;
    const noRates = { false_positive_rate: 0, false_negative_rate: 0 };
    const advantages = besideGroup({ ...settings, ...noRates }, circumstances);
    return {
      advantages: (groups_P) =>
        advantages(
          groups_P.map(({ scores_G, lengths_G }) => ({
            lengths_G,
            scores_G: scores_G.map((score, i) =>
              score === null
                ? null
                : score + overlongPenalty(lengths_G[i]!, maxTokens, settings.overlong_share * maxTokens),
            ),
          })),
        ),
      tokenWeights: tokenMean,
      loss: policyLoss(clipped(tokenRatio, settings), settings),
      tries: settings.sampling_tries,
    };
  },
});

/** P(length), −1 to 0. @param buffer tokens before `longest` in which it falls; 0: there is none */
export function overlongPenalty(length: number, longest: number, buffer: number): number {
  if (buffer === 0) return 0;
  return Math.max(-1, Math.min(0, (longest - buffer - length) / buffer));
}
