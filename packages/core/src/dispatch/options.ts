import { InputError, type LanguageModel } from '@touchstone/spec';
import type { Price } from '../providers/schema.js';
import type { DispatcherOptions } from './dispatcher.js';
import type { CallsConfig } from './schema.js';

/**
 * The options of a dispatcher as a configuration says them.
 *
 * @param fallbacks the models of `config.fallbacks`, in their order
 * @throws {InputError} for a budget of money where a model has no price.
 */
export function dispatcherOptions(
  config: CallsConfig & { model: string; price?: Price | undefined },
  fallbacks: readonly LanguageModel[],
): Omit<DispatcherOptions, 'seed' | 'cache' | 'clock'> {
  if (config.budget?.money !== undefined) {
    const unpriced = [config, ...config.fallbacks].filter(({ price }) => price === undefined);
    if (unpriced.length > 0) {
      const names = unpriced.map(({ model }) => model).join(', ');
      throw new InputError([{ message: `budget.money: the price of ${names} is missing; add price` }]);
    }
  }
  const limits = ({
    concurrency,
    requests_per_minute,
    tokens_per_minute,
    price,
  }: Pick<CallsConfig, 'concurrency' | 'requests_per_minute' | 'tokens_per_minute'> & {
    price?: Price | undefined;
  }) => ({
    concurrency,
    requestsPerMinute: requests_per_minute,
    tokensPerMinute: tokens_per_minute,
    price,
  });
  const { quantile, after_seconds, share } = config.hedge;
  return {
    ...limits(config),
    timeoutMs: config.timeout_seconds * 1000,
    attempts: config.attempts,
    outageMs: config.outage_seconds * 1000,
    hedge: { quantile, share, afterMs: after_seconds === undefined ? undefined : after_seconds * 1000 },
    fallbacks: config.fallbacks.map((fallback, i) => ({ ...limits(fallback), model: fallbacks[i]! })),
    budget: config.budget,
  };
}
