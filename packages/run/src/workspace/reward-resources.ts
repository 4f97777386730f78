import { resolve } from 'node:path';
import { parseModelId, type RewardParts, type RewardResources } from '@touchstone/core';
import { InputError } from '@touchstone/spec';
import { openReplyCache } from '@touchstone/store';
import type { ScoringConfig } from '../config/schema.js';
import { localModels } from './local-model.js';
import { moduleUrl } from './module-url.js';

/**
 * What a reward is opened with on this machine: its models, files of replies, TypeScript, and the policy's way of counting
 * tokens where a check counts tokens.
 *
 * @throws {InputError} when the tokenizer is needed and cannot be read, or the policy is behind an API and has none here.
 */
export async function rewardResources(
  {
    reward: { checks },
    engine,
    policy,
  }: { reward: Pick<RewardParts['reward'], 'checks'> } & Partial<Pick<ScoringConfig, 'engine'>> & {
      policy?: { model: string } | undefined;
    },
  baseDir: string,
): Promise<RewardResources> {
  const resources = { baseDir, moduleUrl, localModel: localModels(engine), openFileCache: openReplyCache };
  const counts = checks.some((check) => check.type === 'length' && check.unit === 'tokens');
  if (!counts || policy === undefined) return resources;
  const { provider, name } = parseModelId(policy.model);
  if (!provider.isLocal) {
    throw new InputError([
      {
        message: `reward.checks: a length in tokens needs the policy's tokenizer, which ${policy.model} does not show: expected unit: characters or words`,
      },
    ]);
  }
  const { ChatTokenizer } = await import('@touchstone/engine');
  const tokenizer = await ChatTokenizer.load(resolve(baseDir, name));
  return { ...resources, countTokens: (text) => tokenizer.encode(text).length };
}
