/**
 * A token bucket: holds `capacity` units, starts full, and gets `perSecond` more every second.
 *
 * @param {{ capacity: number, perSecond: number }} size
 */
function createTokenBucket({ capacity, perSecond }) {
  let level = capacity;
  let filledAt;
  const fill = (now) => {
    filledAt ??= now;
    level = Math.min(capacity, level + ((now - filledAt) / 1000) * perSecond);
    filledAt = now;
  };
  return {
    /** Milliseconds until `units` can be taken; 0: now. More than fits is asked for as a full bucket. */
    waitFor(units, now) {
      fill(now);
      const missing = Math.min(units, capacity) - level;
      return missing <= 0 ? 0 : (missing / perSecond) * 1000;
    },
    /** Takes `units`, which may leave a debt if they are more than the bucket holds. */
    take(units, now) {
      fill(now);
      level -= units;
    },
    /** Gives back what was reserved and not used. */
    giveBack(units, now) {
      fill(now);
      level = Math.min(capacity, level + units);
    },
  };
}

/**
 * The provider's limit on requests and tokens a minute. A call reserves its prompt and its `max_tokens` when it starts,
 * as Amazon Bedrock does, and gives back what it did not write when it ends. A refused call costs nothing.
 *
 * @param {{ requestsPerMinute: number, tokensPerMinute: number, burstSeconds: number } | null} limits null: no limit
 */
export function createLimiter(limits) {
  if (limits === null) return { admit: () => ({ retryAfterMs: 0 }), giveBack: () => {} };
  const { requestsPerMinute, tokensPerMinute, burstSeconds } = limits;
  const bucket = (perMinute) =>
    createTokenBucket({ capacity: (perMinute / 60) * burstSeconds, perSecond: perMinute / 60 });
  const requests = bucket(requestsPerMinute);
  const tokens = bucket(tokensPerMinute);
  return {
    /** @returns {{ retryAfterMs: number, by?: 'requests' | 'tokens' }} 0: the call is admitted and charged */
    admit(needed, now) {
      const forRequest = requests.waitFor(1, now);
      const forTokens = tokens.waitFor(needed, now);
      const retryAfterMs = Math.max(forRequest, forTokens);
      if (retryAfterMs > 0) return { retryAfterMs, by: forTokens > forRequest ? 'tokens' : 'requests' };
      requests.take(1, now);
      tokens.take(needed, now);
      return { retryAfterMs: 0 };
    },
    giveBack: (unused, now) => tokens.giveBack(unused, now),
  };
}
