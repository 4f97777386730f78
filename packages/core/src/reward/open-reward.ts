import type { ReplyCache } from '@touchstone/spec';
import type { CheckContext } from '../checks/check.js';
import { createReplyCache } from '../dispatch/cache/memory.js';
import type { Judge } from '../judge/judge.js';
import { openCalls, type CallResources } from '../judge/open-calls.js';
import { openJudge } from '../judge/open-judge.js';
import type { JudgeConfig } from '../judge/kinds.js';
import { createReward, type RewardFunction } from './reward.js';
import type { RewardConfig } from './schema.js';

/** What a reward function is made of: parts of a `touchstone.yaml` that has been read and found right. */
export interface RewardParts {
  /** Makes markers, orders and sampling repeatable; no part of a fingerprint. */
  seed: number;
  /** Absent where the checks alone decide. */
  judge?: JudgeConfig | undefined;
  reward: RewardConfig;
}

/**
 * What a configuration does not hold. All but its folder may be left out: what is native is, in AWS Lambda. The same
 * configuration then gives the same scores, or is refused.
 */
export interface RewardResources extends CheckContext, Omit<CallResources, 'cache' | 'seed'> {
  /** Replies already paid for, such as the store of a run. Default: a cache in memory. */
  cache?: ReplyCache;
}

type Opened<J> = Promise<{ reward: RewardFunction; judge: J }>;

/**
 * The reward function that a configuration describes, ready to score, and its judge. Nothing is sent yet.
 *
 * @throws {InputError} when a model cannot be opened, a key or a file is missing, or a prompt or an input is wrong.
 */
export function openReward(
  config: RewardParts & { judge: JudgeConfig },
  resources: RewardResources,
): Opened<Judge>;
export function openReward(config: RewardParts, resources: RewardResources): Opened<Judge | null>;
export async function openReward(
  { seed, judge: config, reward }: RewardParts,
  { cache = createReplyCache(), ...resources }: RewardResources,
): Opened<Judge | null> {
  const calls: CallResources = { ...resources, cache, seed };
  const judge = config
    ? await openJudge(config, { ...resources, seed, open: (one) => openCalls(one, calls) })
    : null;
  return { reward: createReward(reward, judge, resources), judge };
}
