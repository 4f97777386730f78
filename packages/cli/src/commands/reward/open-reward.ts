import { createReplyCache, createReward, type RewardFunction } from '@touchstone/core';
import type { AbstentionPolicy } from '@touchstone/spec';
import { loadScoringConfig, openCheckContext, openJudge } from '@touchstone/run';

/** The reward function of a configuration, and how it is told to those who ask. */
export async function openReward(path: string): Promise<{
  reward: RewardFunction;
  abstention: AbstentionPolicy;
  novaRange: { min: number; max: number };
}> {
  const { config, baseDir } = await loadScoringConfig(path);
  const judge = config.judge ? await openJudge(config.judge, config.seed, baseDir, createReplyCache()) : null;
  const context = await openCheckContext(config.reward, baseDir, config.policy?.model);
  return {
    reward: createReward(config.reward, judge, context),
    abstention: config.reward.abstention.policy,
    novaRange: config.aws.range,
  };
}
