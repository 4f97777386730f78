import { negativeLogLikelihood } from '../supervised/loss.js';
import { defineAlgorithm } from './algorithm.js';
import { hasZeroVariance } from './parts/contrast.js';
import { presentOf } from './parts/advantages.js';
import { tokenMean } from './parts/token-weights.js';
import { largest } from '@touchstone/spec';

/**
 * Rejection sampling (RAFT, arXiv 2304.06767; Llama 2, arXiv 2307.09288): supervised fine-tuning on the best of each group's answers. A
 * baseline that is cheap to understand: it learns from what the judge likes best, and nothing from what it dislikes.
 *
 *     L = 1 / Σ|o*| · Σ_groups Σ_t −log π(o*_t),  o* the answer with the highest reward, the first of several
 *
 * A group whose rewards are all equal has no best.
 */
export const bestOfN = defineAlgorithm({
  name: 'best-of-n',
  description: "Rejection sampling: supervised fine-tuning on the best of each group's answers",
  settings: {},
  open: () => ({
    advantages: (groups_P) =>
      groups_P.map(({ scores_G }) => {
        const best = hasZeroVariance(scores_G) ? -1 : scores_G.indexOf(largest(presentOf(scores_G)));
        return scores_G.map((_, i) => (i === best ? 1 : null));
      }),
    tokenWeights: tokenMean,
    loss: negativeLogLikelihood,
  }),
});
