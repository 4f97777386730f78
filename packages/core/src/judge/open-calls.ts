import { InputError, type LanguageModel, type ReplyCache } from '@touchstone/spec';
import { layerCaches } from '../dispatch/cache/layers.js';
import { openSharedCache, type SharedCacheResources } from '../dispatch/cache/shared.js';
import { createDispatcher } from '../dispatch/dispatcher.js';
import type { FileContext } from '../files/load-module.js';
import { accountOf } from '../providers/account.js';
import { parseModelId } from '../providers/model-id.js';
import { openModel } from '../providers/open-model.js';
import type { ModelConfig } from '../providers/schema.js';
import type { ModelAccess, ModelCallsConfig } from './asking-judge.js';
import { missingPrices } from './missing-prices.js';

/** What models are opened and asked with. */
export interface CallResources extends SharedCacheResources, Pick<FileContext, 'moduleUrl'> {
  /** Loads `local:FOLDER` by the folder's absolute path. Absent where there is no engine. */
  localModel?: ((folder: string) => Promise<LanguageModel>) | undefined;
  /** Replies already paid for. It is asked before a cache that the configuration names. */
  cache: ReplyCache;
  /** Makes markers, orders and sampling repeatable; no part of a fingerprint. */
  seed: number;
}

/** A model of the engine has no limits, and its speed is no fault; calls in flight become batches, so many is good. */
const LOCAL = {
  concurrency: 1024,
  adaptive: false,
  timeout_seconds: Infinity,
  hedge: undefined,
  requests_per_minute: undefined,
  tokens_per_minute: undefined,
} as const;

/**
 * The model of a judge, with the models that stand in for it, and what makes the calls to them as the configuration says.
 *
 * @throws {InputError} when a model or the cache cannot be opened, or a price is missing that a budget needs.
 */
export async function openCalls(
  config: ModelCallsConfig,
  { cache, seed, ...resources }: CallResources,
): Promise<ModelAccess> {
  const unpriced = missingPrices(config);
  if (unpriced.length > 0) throw new InputError(unpriced.map(({ message }) => ({ message })));
  // The name as the user wrote it: a path of this machine says nothing to who reads the report.
  const open = async (one: ModelConfig): Promise<LanguageModel> => ({
    ...(await openModel(one, resources)),
    id: one.model,
  });
  const [model, ...fallbacks] = await Promise.all([open(config), ...config.fallbacks.map(open)]);
  const shared = openSharedCache(config.cache, resources);
  const account = (one: ModelConfig) => accountOf(one, resources.baseDir);
  const dispatcher = createDispatcher({
    ...config,
    ...(parseModelId(config.model).provider.isLocal && LOCAL),
    account: account(config),
    fallbacks: config.fallbacks.map((one, i) => ({ ...one, account: account(one), model: fallbacks[i]! })),
    cache: shared ? layerCaches(cache, shared.cache) : cache,
    redis: shared?.redis,
    onProblem: (message) => void process.stderr.write(`${message}\n`),
    seed,
  });
  return { model: model!, fallbacks, dispatcher };
}
