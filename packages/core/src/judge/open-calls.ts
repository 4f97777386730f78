import type { LanguageModel, ReplyCache } from '@touchstone/spec';
import { createDispatcher, type DispatcherOptions } from '../dispatch/dispatcher.js';
import { dispatcherOptions } from '../dispatch/options.js';
import type { ModelConfig } from '../providers/schema.js';
import type { ModelAccess, ModelCallsConfig } from './asking-judge.js';

/**
 * The model of a judge, with the models that stand in for it, and what makes the calls to them as the configuration says.
 *
 * @param options.open opens one model.
 * @param options.limits replaces what the configuration says of the calls.
 * @throws {InputError} when a model cannot be opened.
 */
export async function openCalls(
  config: ModelCallsConfig,
  options: {
    open: (model: ModelConfig) => Promise<LanguageModel>;
    cache: ReplyCache;
    seed: number;
    limits?: Partial<DispatcherOptions>;
  },
): Promise<ModelAccess> {
  // The name as the user wrote it: a path of this machine says nothing to who reads the report.
  const open = async (one: ModelConfig): Promise<LanguageModel> => ({
    ...(await options.open(one)),
    id: one.model,
  });
  const [model, ...fallbacks] = await Promise.all([open(config), ...config.fallbacks.map(open)]);
  const { cache, seed, limits } = options;
  const dispatcher = createDispatcher({ ...dispatcherOptions(config, fallbacks), ...limits, cache, seed });
  return { model: model!, fallbacks, dispatcher };
}
