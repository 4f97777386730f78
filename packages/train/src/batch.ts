import type { TrainingSequence } from '@touchstone/engine';
import type { Algorithm } from './algorithms/algorithm.js';
import { tokenMean } from './algorithms/parts/token-weights.js';
import type { ScoredGroup } from './scorer.js';

/** An advantage below this moves nothing. */
const NO_ADVANTAGE = 1e-6;

/**
 * Scored groups as the sequences to learn from: advantages within each group, weights over all. Answers without an
 * advantage carry no gradient; leaving them out changes only the work, since they still count in the weights.
 * @returns sequences with the columns that `Algorithm.loss` knows, but `reference`; none when no answer stands out from its group.
 */
export function makeBatch(
  groups: readonly Pick<ScoredGroup, 'rollouts_G' | 'scores_G'>[],
  algorithm: Algorithm,
): TrainingSequence[] {
  const advantages_P_G = algorithm.advantages(
    groups.map(({ rollouts_G, scores_G }) => ({
      scores_G,
      lengths_G: rollouts_G.map(({ tokens }) => tokens.length),
    })),
  );
  const counted = groups.flatMap(({ rollouts_G }, p) =>
    rollouts_G.flatMap((rollout, i) => {
      const advantage = advantages_P_G[p]![i]!;
      return advantage === null ? [] : [{ ...rollout, advantage }];
    }),
  );
  const lengths = counted.map(({ tokens }) => tokens.length);
  const weights = algorithm.tokenWeights(lengths);
  const [share] = tokenMean(lengths);
  // A term that pulls towards a reference, or apart, has a gradient where the advantage has none.
  const pulled = ['reference', 'entropy'].some((name) => algorithm.loss.columns.includes(name));
  return counted.flatMap(({ prompt, tokens, logprobs, advantage }, i) =>
    pulled || Math.abs(advantage) > NO_ADVANTAGE
      ? [
          {
            tokens: [...prompt, ...tokens],
            start: prompt.length,
            columns: {
              old: logprobs,
              advantage,
              weight: weights[i]!,
              share: share!,
              length: tokens.length,
            },
          },
        ]
      : [],
  );
}
