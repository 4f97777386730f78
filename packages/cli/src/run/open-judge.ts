import { resolve } from 'node:path';
import {
  createDispatcher,
  dispatcherOptions,
  layerCaches,
  openJudge as composeJudge,
  openModel,
  parseModelId,
  type Judge,
  type JudgeConfig,
  type ModelConfig,
} from '@touchstone/core';
import { openLocalModel } from '@touchstone/engine';
import type { LanguageModel, ReplyCache } from '@touchstone/spec';
import { openSharedCache } from './shared-cache.js';

/** A model of the engine has no limits, and its speed is no fault; calls in flight become batches, so many is good. */
const LOCAL = {
  concurrency: 1024,
  adaptive: false,
  timeoutMs: Infinity,
  hedge: undefined,
  requestsPerMinute: undefined,
  tokensPerMinute: undefined,
} as const;

/** A judge as the configuration names it, answering from `cache` what was paid for before. */
export function openJudge(
  config: JudgeConfig,
  seed: number,
  baseDir: string,
  cache: ReplyCache,
): Promise<Judge> {
  const open = async (model: ModelConfig): Promise<LanguageModel> => ({
    ...(await openModel(model, { localModel: (name) => openLocalModel(resolve(baseDir, name)) })),
    // The name as the user wrote it: a path of this machine says nothing to who reads the report.
    id: model.model,
  });
  return composeJudge(config, {
    seed,
    async open(single) {
      const isLocal = parseModelId(single.model).provider === 'local';
      const [model, ...fallbacks] = await Promise.all([open(single), ...single.fallbacks.map(open)]);
      const shared = single.cache && openSharedCache(single.cache, baseDir);
      const dispatcher = createDispatcher({
        ...dispatcherOptions(single, fallbacks),
        ...(isLocal ? LOCAL : {}),
        cache: shared ? layerCaches(cache, shared) : cache,
        seed,
      });
      return { model: model!, dispatcher };
    },
  });
}
