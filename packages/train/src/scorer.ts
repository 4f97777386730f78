import { applyAbstentionPolicy, type RewardConfig, type RewardFunction } from '@touchstone/core';
import { RunError, type Reward } from '@touchstone/spec';
import type { PolicyRollout } from './policy.js';

/** Answers to one task with their rewards. */
export interface ScoredGroup {
  rollouts_G: PolicyRollout[];
  rewards_G: Reward[];
  /** What the rewards count as after the abstention policy, 0–1; null: left out. */
  scores_G: (number | null)[];
}

/**
 * Scores the groups of a step in one call of the reward.
 * @param rollouts_P_G groups of any sizes
 * @param step for the error's message
 * @param signal ends it: what is not judged by then is an abstention
 * @throws {RunError} when more than the declared share of all rollouts could not be judged.
 */
export async function scoreGroups(
  reward: RewardFunction,
  rollouts_P_G: readonly PolicyRollout[][],
  abstention: RewardConfig['abstention'],
  step: number,
  signal?: AbortSignal,
): Promise<ScoredGroup[]> {
  const rollouts_PG = rollouts_P_G.flat().map(({ rollout }) => rollout);
  const rewards_PG = await reward.score(rollouts_PG, signal && { signal });
  stopOnAbstentions(rewards_PG, abstention.limit, `step ${step}`);
  let start = 0;
  return rollouts_P_G.map((rollouts_G) => {
    const rewards_G = rewards_PG.slice(start, (start += rollouts_G.length));
    return { rollouts_G, rewards_G, scores_G: applyAbstentionPolicy(rewards_G, abstention.policy) };
  });
}

/**
 * A figure over few verdicts would pass for one over all.
 * @param limit share of the rewards that may be abstentions, 0–1
 * @param what names the work in the message
 * @throws {RunError} when more are.
 */
export function stopOnAbstentions(rewards: readonly Reward[], limit: number, what: string): void {
  const abstained = rewards.filter((reward) => reward.status === 'abstained');
  const [first] = abstained;
  if (!first || abstained.length / rewards.length <= limit) return;
  throw new RunError(
    `${what}: the judge gave no verdict on ${abstained.length} of ${rewards.length} answers, ` +
      `more than reward.abstention.limit (${limit}) allows. ` +
      `First reason: ${first.reason}: ${first.detail}. ` +
      'Nothing is lost: mend it and run the same command again.',
  );
}
