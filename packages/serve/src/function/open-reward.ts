import {
  createReplyCache,
  createReward,
  layerCaches,
  openCalls,
  openJudge,
  openModel,
  openRedisCache,
  type Judge,
  type JudgeConfig,
  type OpenModelOptions,
  type RewardConfig,
  type RewardFunction,
} from '@touchstone/core';

/** What a reward function is made of: parts of a `touchstone.yaml` that has been read and found right. */
export interface RewardParts {
  /** Makes markers and sampling repeatable. */
  seed: number;
  /** Absent where the checks alone decide. */
  judge?: JudgeConfig | undefined;
  reward: RewardConfig;
}

export interface OpenRewardOptions extends Pick<OpenModelOptions, 'env' | 'localModel'> {
  /** The folder that the names of files are relative to. */
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
  const judge = config ? await openLambdaJudge(config, seed, baseDir, access) : null;
  return createReward(reward, judge, { baseDir });
}

function openLambdaJudge(
  config: JudgeConfig,
  seed: number,
  baseDir: string,
  access: Omit<OpenRewardOptions, 'baseDir'>,
): Promise<Judge> {
  const cache = createReplyCache();
  const env = access.env ?? process.env;
  return openJudge(config, {
    seed,
    baseDir,
    open(single) {
      const variable = single.cache?.redis_env;
      const url = variable === undefined ? undefined : env[variable]?.trim();
      const onProblem = (message: string): void => void process.stderr.write(`${message}\n`);
      return openCalls(single, {
        open: (model) => openModel(model, access),
        cache: url ? layerCaches(cache, openRedisCache(url, { onProblem })) : cache,
        seed,
      });
    },
  });
}
