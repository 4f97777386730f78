import type { ModelReply, ReplyCache } from '@touchstone/spec';

/**
 * Judge replies in memory, so that a trainer that sends a sample again does not pay for it again. The oldest reply makes
 * room for the newest.
 *
 * @param limit replies kept, ≥ 1; a reply has about 1 kB.
 */
export function createReplyCache(limit = 100_000): ReplyCache {
  const replies = new Map<string, ModelReply>();
  return {
    get: (key) => replies.get(key),
    put(key, reply) {
      replies.set(key, reply);
      for (const oldest of replies.keys()) {
        if (replies.size <= limit) break;
        replies.delete(oldest);
      }
    },
  };
}
