/** What a provider allows; what is not said is not limited. */
export interface Limits {
  requestsPerMinute?: number;
  tokensPerMinute?: number;
  /** What may be made up for after a pause. Default 1. */
  burstSeconds?: number;
}

export interface Limiter {
  /** Milliseconds until a call that needs these tokens may start; 0: it is admitted and charged. */
  admit(tokens: number, now: number): number;
  /** Gives back tokens that were reserved and not written. */
  giveBack(tokens: number, now: number): void;
}

interface TokenBucket {
  waitFor(units: number, now: number): number;
  take(units: number, now: number): void;
}

/** A bucket that starts full, gets `perMinute` more a minute, and may be left with a debt by what is more than it holds. */
function createTokenBucket(perMinute: number, burstSeconds: number): TokenBucket {
  const perSecond = perMinute / 60;
  const capacity = Math.max(1, perSecond * burstSeconds);
  let level = capacity;
  let filledAt: number | undefined;
  const fill = (now: number): void => {
    level = Math.min(capacity, level + ((now - (filledAt ?? now)) / 1000) * perSecond);
    filledAt = now;
  };
  return {
    waitFor(units, now) {
      fill(now);
      const missing = Math.min(units, capacity) - level;
      // Rounding must not refuse a client that keeps to the rate.
      return missing <= capacity * 1e-9 ? 0 : (missing / perSecond) * 1000;
    },
    take(units, now) {
      fill(now);
      level = Math.min(capacity, level - units);
    },
  };
}

/**
 * The provider's limit on requests and tokens a minute. A call reserves its prompt and its longest output when it starts,
 * as Amazon Bedrock does, and gives back what it did not write when it ends. A refused call costs nothing.
 */
export function createLimiter({ requestsPerMinute, tokensPerMinute, burstSeconds = 1 }: Limits): Limiter {
  const bucket = (perMinute: number | undefined): TokenBucket | undefined =>
    perMinute === undefined ? undefined : createTokenBucket(perMinute, burstSeconds);
  const requests = bucket(requestsPerMinute);
  const tokens = bucket(tokensPerMinute);
  return {
    admit(needed, now) {
      const wait = Math.max(requests?.waitFor(1, now) ?? 0, tokens?.waitFor(needed, now) ?? 0);
      if (wait > 0) return wait;
      requests?.take(1, now);
      tokens?.take(needed, now);
      return 0;
    },
    giveBack: (unused, now) => tokens?.take(-unused, now),
  };
}
