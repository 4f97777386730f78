import { defineAlgorithm } from './algorithm.js';
import { presentOf } from './parts/advantages.js';
import { corrected } from './parts/error-rates.js';
import { answerRatio, clipped } from './parts/objectives.js';
import { policyLoss } from './parts/policy-loss.js';
import { clipping, errorRates, terms } from './parts/settings.js';
import { answerMean } from './parts/token-weights.js';

/**
 * REINFORCE Leave-One-Out (arXiv 2402.14740): an answer as a whole is the action, and its baseline is what the others of its group
 * got, which keeps the gradient unbiased.
 *
 *     A_i = R_i − mean of the other G − 1 rewards = G / (G − 1) · (R_i − mean(R_G))
 *     ρ_i = π(o_i) / π_old(o_i), of the whole answer: its gradient at 1 is that of log π(o_i)
 *     L   = 1 / N · Σ_i −min(ρ_i A_i, clip(ρ_i, 1 − ε, 1 + ε) A_i)
 *
 * R = 1, 0, .5, .5, .25, .75, 1, 0: A = ±.571429 at the ends, ±.285714 at .25 and .75.
 */
export const rloo = defineAlgorithm({
  name: 'rloo',
  description: 'REINFORCE with the mean of the other answers as the baseline',
  settings: { ...clipping(0.2, 0.2), ...terms, ...errorRates },
  open: (settings) => ({
    advantages: (groups_P) => groups_P.map(({ scores_G }) => leaveOneOut(corrected(scores_G, settings))),
    tokenWeights: answerMean,
    loss: policyLoss(clipped(answerRatio, settings), settings),
  }),
});

/** @returns advantages_G; null where the reward was null, 0 where there is no other. */
export function leaveOneOut(rewards_G: readonly (number | null)[]): (number | null)[] {
  const present = presentOf(rewards_G);
  const [sum, others] = [present.reduce((a, b) => a + b, 0), present.length - 1];
  return rewards_G.map((reward) => {
    if (reward === null) return null;
    return others === 0 ? 0 : reward - (sum - reward) / others;
  });
}
