import { createReward, type RewardFunction } from '@touchstone/core';
import { createReplyCache } from '@touchstone/serve';
import type { AbstentionPolicy } from '@touchstone/spec';
import { loadConfig } from '../../config/load.js';
import { openJudge } from '../../run/workspace.js';

/** The reward function of a configuration, and what it says of abstentions. */
export async function openReward(
  path: string,
): Promise<{ reward: RewardFunction; abstention: AbstentionPolicy }> {
  const { config, baseDir } = await loadConfig(path);
  const judge = await openJudge(config.judge, config.seed, baseDir, createReplyCache());
  return {
    reward: createReward(config.reward, judge, { baseDir }),
    abstention: config.reward.abstention.policy,
  };
}
