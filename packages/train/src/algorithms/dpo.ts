import type { DifferentiableGraph, TokenLoss, TrainingSequence, Value } from '@touchstone/engine';
import { largest, smallest } from '@touchstone/spec';
import { z } from 'zod';
import { defineAlgorithm } from './algorithm.js';
import { presentOf } from './parts/advantages.js';
import { TIE } from './parts/contrast.js';
import { orJudge, resolved } from './parts/settings.js';
import { answerMean } from './parts/token-weights.js';

/**
 * Direct Preference Optimisation (arXiv 2305.18290), on answers of the policy itself (online, arXiv 2402.04792): of each group the best
 * and the worst answer by reward are a pair, where they are further apart than the judge's noise. With a preference judge the reward is
 * its verdict.
 *
 *     g(o) = Σ_t log π(o_t) − log π_ref(o_t)
 *     L    = 1 / P · Σ_pairs −log σ(β (g(best) − g(worst)))
 *
 * g 1.5 and .5 with β .1: −log σ(.1) = .644397; the gradient of the best one's tokens is −β σ(−.1) = −.0475021.
 */
export const dpo = defineAlgorithm({
  name: 'dpo',
  description: 'Direct preference optimisation on the best and the worst answer of each group',
  settings: {
    kl_coefficient: z
      .number()
      .positive()
      .default(0.1)
      .describe('β: how much the policy that training starts from holds the trained one'),
    margin: orJudge(z.number().min(0))
      .default(0.05)
      .describe(
        'How far apart two rewards must be at least to make a pair; judge: the smallest difference that is not its noise (smallest_change)',
      ),
  },
  oneUpdate: 'whose answers are compared with one another at the weights that drew them',
  open({ kl_coefficient: beta, margin }, { noise }) {
    const apart = resolved('margin', margin, noise, ({ smallestChange }) => smallestChange);
    return {
      advantages: (groups_P) => groups_P.map(({ scores_G }) => pairOf(scores_G, apart)),
      tokenWeights: answerMean,
      loss: pairLoss(beta),
      complete: withRivals,
    };
  },
});

/** 1 for the best, −1 for the worst, the first of several each; null for the rest, and for all where they are not apart. */
export function pairOf(rewards_G: readonly (number | null)[], apart: number): (number | null)[] {
  const present = presentOf(rewards_G);
  const [high, low] = [largest(present), smallest(present)];
  if (present.length < 2 || high - low <= Math.max(apart, TIE)) return rewards_G.map(() => null);
  const [best, worst] = [rewards_G.indexOf(high), rewards_G.indexOf(low)];
  return rewards_G.map((_, i) => (i === best ? 1 : i === worst ? -1 : null));
}

/** `rival`: g of the other answer of the pair, at the weights that drew both. Answers of a pair stand side by side. */
function withRivals(batch: readonly TrainingSequence[]): TrainingSequence[] {
  const gains = batch.map(({ tokens, start, columns }) => {
    const [old, reference] = [columns['old'], columns['reference']] as [ArrayLike<number>, ArrayLike<number>];
    return Array.from({ length: tokens.length - start }, (_, t) => old[t]! - reference[t]!).reduce(
      (a, b) => a + b,
      0,
    );
  });
  return batch.map((sequence, i) => ({
    ...sequence,
    columns: { ...sequence.columns, rival: gains[i ^ 1]! },
  }));
}

/**
 * The answers of a pair may be computed in different runs, so each has a loss of its own in which the other is a number. Added up
 * they have the gradient of the pair's loss, and twice its value.
 */
const pairLoss = (beta: number): TokenLoss => ({
  key: `dpo/${beta}`,
  columns: ['advantage', 'weight', 'reference', 'rival', 'sequence'],
  build(g, logprobs, { advantage, weight, reference, rival, sequence }) {
    const gain = g.sumOfGroup(g.subtract(logprobs, reference!), sequence!);
    // The worst one's side has the sign turned: g(best) − g(worst) again.
    const ahead = g.multiply(advantage!, g.subtract(gain, rival!));
    const value = softplus(g, g.multiply(g.scalar(-beta), ahead));
    // 2 · value − sg(value): the gradient counts twice, since a mean over answers is half of that over pairs.
    const doubled = g.record(g.elementwise('Identity', value), [value], (gradient) => [
      g.elementwise('Mul', gradient, g.scalar(2)),
    ]);
    return { loss: g.sum(g.multiply(doubled, weight!)), metrics: {} };
  },
});

/** log(1 + eˣ) = −log σ(−x). */
const softplus = (g: DifferentiableGraph, x: Value): Value =>
  g.record(g.elementwise('Softplus', x), [x], (gradient) => [
    g.elementwise('Mul', gradient, g.elementwise('Sigmoid', x)),
  ]);
