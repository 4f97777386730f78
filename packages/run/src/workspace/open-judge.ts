import { resolve } from 'node:path';
import {
  layerCaches,
  openCalls,
  openJudge as composeJudge,
  openModel,
  parseModelId,
  type Judge,
  type JudgeConfig,
} from '@touchstone/core';
import { openLocalModel } from '@touchstone/engine';
import type { ReplyCache } from '@touchstone/spec';
import { importModule } from './import-module.js';
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
  return composeJudge(config, {
    seed,
    baseDir,
    importModule,
    open(single) {
      const isLocal = parseModelId(single.model).provider === 'local';
      const shared = single.cache && openSharedCache(single.cache, baseDir);
      return openCalls(single, {
        open: (model) => openModel(model, { localModel: (name) => openLocalModel(resolve(baseDir, name)) }),
        cache: shared ? layerCaches(cache, shared) : cache,
        seed,
        ...(isLocal ? { limits: LOCAL } : {}),
      });
    },
  });
}
