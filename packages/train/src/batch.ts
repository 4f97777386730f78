import type { TrainingSequence } from '@touchstone/engine';
import type { Algorithm } from './algorithms/algorithm.js';
import type { ScoredGroup } from './scorer.js';

/** An advantage below this moves nothing. */
const NO_ADVANTAGE = 1e-6;

/**
 * Scored groups as the sequences to learn from: advantages within each group, weights over all. Answers without an
 * advantage carry no gradient; leaving them out changes only the work, since they still count in the weights.
 * @returns sequences with the columns `old`, `advantage` and `weight`; none when no answer stands out from its group.
 */
export function makeBatch(
  groups: readonly Pick<ScoredGroup, 'rollouts_G' | 'scores_G'>[],
  algorithm: Algorithm,
): TrainingSequence[] {
  const counted = groups.flatMap(({ rollouts_G, scores_G }) => {
    const advantages_G = algorithm.advantages(scores_G);
    return rollouts_G.flatMap((rollout, i) => {
      const advantage = advantages_G[i]!;
      return advantage === null ? [] : [{ ...rollout, advantage }];
    });
  });
  const weights = algorithm.tokenWeights(counted.map(({ tokens }) => tokens.length));
  // A term that pulls towards a reference has a gradient where the advantage has none.
  const pulled = algorithm.loss.columns.includes('reference');
  return counted.flatMap(({ prompt, tokens, logprobs, advantage }, i) =>
    pulled || Math.abs(advantage) > NO_ADVANTAGE
      ? [
          {
            tokens: [...prompt, ...tokens],
            start: prompt.length,
            columns: { old: logprobs, advantage, weight: weights[i]! },
          },
        ]
      : [],
  );
}
