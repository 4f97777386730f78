import {
  createDispatcher,
  createJudge,
  createReward,
  openModel,
  type JudgeConfig,
  type OpenModelOptions,
  type RewardConfig,
  type RewardFunction,
} from '@touchstone/core';
import { createReplyCache } from '../scoring/reply-cache.js';

/** What a reward function is made of: parts of a `touchstone.yaml` that has been read and found right. */
export interface RewardParts {
  /** Makes markers and sampling repeatable. */
  seed: number;
  judge: JudgeConfig;
  reward: RewardConfig;
}

export interface OpenRewardOptions extends Pick<OpenModelOptions, 'env' | 'localModel'> {
  /** The folder that file names of the checks are relative to. */
  baseDir: string;
}

/**
 * The reward function that a configuration describes, ready to score. Replies are kept in memory, so that a sample that
 * is sent again is not paid for again.
 *
 * @throws {InputError} when a key or a file is missing.
 */
export async function openReward(
  { seed, judge: config, reward }: RewardParts,
  { baseDir, ...access }: OpenRewardOptions,
): Promise<RewardFunction> {
  const model = await openModel(config, access);
  const dispatcher = createDispatcher({
    concurrency: config.concurrency,
    timeoutMs: config.timeout_seconds * 1000,
    attempts: config.attempts,
    cache: createReplyCache(),
    price: config.price,
    seed,
  });
  const judge = createJudge(config, { ...model, id: config.model }, dispatcher, { seed });
  return createReward(reward, judge, { baseDir });
}
