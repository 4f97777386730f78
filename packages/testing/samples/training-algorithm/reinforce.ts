import { z } from 'zod';
import { defineAlgorithm } from './algorithm.js';
import { tokenMean } from './parts/token-weights.js';

/**
 * REINFORCE with a fixed baseline (Williams 1992): push each answer by how far its reward is above the baseline.
 *
 *     L = 1 / Σ|o_i| · Σ_i Σ_t −(R_i − baseline) log π(o_it)
 */
export const reinforce = defineAlgorithm({
  name: 'reinforce',
  description: 'REINFORCE with a fixed baseline',
  settings: { baseline: z.number().default(0.5).describe('The reward that is neither good nor bad') },
  open: ({ baseline }) => ({
    advantages: (groups_P) =>
      groups_P.map(({ scores_G }) => scores_G.map((score) => (score === null ? null : score - baseline))),
    tokenWeights: tokenMean,
    loss: {
      key: 'reinforce',
      columns: ['advantage', 'weight'],
      build: (g, logprobs, { advantage, weight }) => ({
        loss: g.negate(g.sum(g.multiply(g.multiply(logprobs, advantage!), weight!))),
        metrics: {},
      }),
    },
  }),
});
