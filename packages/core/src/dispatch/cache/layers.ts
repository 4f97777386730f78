import type { ReplyCache } from '@touchstone/spec';

/**
 * Several caches as one: each is asked in turn, and all of them keep what was paid for. What a later one knew is not
 * copied into an earlier one, so that a run's own store says what that run has paid for.
 */
export function layerCaches(...caches: readonly ReplyCache[]): ReplyCache {
  const canReserve = caches.some(({ reserve }) => reserve !== undefined);
  return {
    async get(key) {
      for (const cache of caches) {
        const reply = await cache.get(key);
        if (reply) return reply;
      }
      return undefined;
    },
    ...(canReserve && {
      async reserve(key: string, signal: AbortSignal) {
        for (const cache of caches) {
          const reply = await (cache.reserve ? cache.reserve(key, signal) : cache.get(key));
          if (reply) return reply;
        }
        return undefined;
      },
      async release(key: string) {
        for (const cache of caches) await cache.release?.(key);
      },
    }),
    async note(key, reply) {
      for (const cache of caches) await cache.note?.(key, reply);
    },
    async forget(key) {
      for (const cache of caches) await cache.forget?.(key);
    },
    async put(key, reply) {
      for (const cache of caches) await cache.put(key, reply);
    },
  };
}
