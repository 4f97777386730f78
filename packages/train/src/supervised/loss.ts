import type { TokenLoss } from '@touchstone/engine';

/** Negative log-likelihood: Σ weight · −log p. With weight 1 / (all scored tokens) it is the token mean. */
export const negativeLogLikelihood: TokenLoss = {
  key: 'nll',
  columns: ['weight'],
  build: (g, logprobs, { weight }) => ({ loss: g.negate(g.sum(g.multiply(logprobs, weight!))), metrics: {} }),
};
