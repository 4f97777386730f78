import type { SharedV3ProviderOptions } from '@ai-sdk/provider';
import type { Provider } from './model-id.js';

/**
 * Whether a model wants to be told where the cached part of a prompt ends. Others cache by themselves, or not at all;
 * Bedrock refuses a call that marks a prompt for a model that cannot cache.
 */
export function marksPrompts(provider: Provider, name: string): boolean {
  if (provider === 'anthropic') return true;
  return provider === 'bedrock' && BEDROCK_CACHES.test(name) && !BEDROCK_OLD_CLAUDE.test(name);
}

const BEDROCK_CACHES = /(^|\.)(amazon\.nova|anthropic\.claude)-/;
const BEDROCK_OLD_CLAUDE = /claude-(v\d|instant|3-(sonnet|opus|haiku)|3-5-sonnet)/;

/** Ends a cached prefix, in the words of each provider that is told; the others overlook it. */
export const CACHE_MARKER: SharedV3ProviderOptions = {
  anthropic: { cacheControl: { type: 'ephemeral' } },
  bedrock: { cachePoint: { type: 'default' } },
};
