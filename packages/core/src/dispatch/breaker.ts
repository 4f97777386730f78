import type { ProviderError, Random } from '@touchstone/spec';

/** A call as the breaker sees it. */
interface Call {
  isProbe: boolean;
  startedAt: number;
  now: number;
}

/** Keeps calls away from a provider that is down, and finds out with one call at a time whether it is back. */
export interface Breaker {
  /** The failure that opened it; undefined while it is closed. */
  failure(): ProviderError | undefined;
  /** Milliseconds since the epoch at which the present outage began; undefined while it is closed. */
  openSince(): number | undefined;
  /** Milliseconds until a call may start: 0 while closed or for the next probe, Infinity while a probe is out. */
  waitMs(now: number): number;
  /** @returns true when the call that starts is the probe. */
  onStart(): boolean;
  /** @returns true when this success ended an outage. */
  onSuccess(call: Call): boolean;
  onFailure(error: ProviderError, call: Call): void;
  /** A call ended without telling anything about the provider; after a probe the next call is the probe. */
  onNothing(isProbe: boolean): void;
  /** When the provider last answered; undefined before the first time. */
  lastSuccessAt(): number | undefined;
  /** Somebody else will use it, who wants it to open after so many failures; what was wrong may have been put right. */
  join(threshold: number): void;
}

const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 30_000;
/** Calls in a row that were refused for a reason that lasts: the first may be about its own question. */
const REFUSALS = 3;
/** The next probe after such refusals, where the provider does not say how long; and the bounds of what it says. */
const REFUSED_WAIT_MS = 5 * 60_000;
const SHORTEST_REFUSED_WAIT_MS = 60_000;
const LONGEST_REFUSED_WAIT_MS = 60 * 60_000;
/** Of the calls that started since the first failure, this share must have failed. */
const FAILING_SHARE = 0.5;

/**
 * A circuit breaker (Nygard, Release It!). It opens after `first` failures if they are also half of what has started
 * since the first of them, and none of that has succeeded: failures come sooner than successes, so neither a count
 * alone nor the successes of calls that began before the outage say whether a busy provider is down. It lets one probe
 * through after 1 s, then after 2, 4, … 30 s (each with equal jitter), and closes with the first success.
 *
 * It opens too after three refusals in a row for a reason that lasts (a quota of the day, no credit, a key that is not
 * taken), with a probe after 5 minutes, or when the provider says: waiting does not help, and asking for every sample less.
 */
export function createBreaker(first: number, jitter: Random): Breaker {
  let threshold = first;
  let firstFailureAt: number | undefined;
  let failures = 0;
  let refusals = 0;
  let starts = 0;
  let trips = 0;
  let last: ProviderError | undefined;
  let openSince: number | undefined;
  let probeAt = 0;
  let isProbing = false;
  let lastSuccessAt: number | undefined;

  return {
    failure: () => (openSince === undefined ? undefined : last),
    openSince: () => openSince,
    lastSuccessAt: () => lastSuccessAt,
    waitMs: (now) => (openSince === undefined ? 0 : isProbing ? Infinity : Math.max(0, probeAt - now)),
    onStart() {
      starts++;
      return (isProbing = openSince !== undefined);
    },
    onSuccess({ startedAt, now }) {
      lastSuccessAt = now;
      if (firstFailureAt === undefined || startedAt < firstFailureAt) return false;
      const ended = openSince !== undefined;
      firstFailureAt = openSince = undefined;
      trips = 0;
      isProbing = false;
      return ended;
    },
    onFailure(error, { isProbe, startedAt, now }) {
      if (openSince === undefined || isProbe) last = error;
      if (firstFailureAt === undefined) {
        firstFailureAt = now;
        failures = 1;
        starts = 1;
        refusals = 0;
      } else if (startedAt >= firstFailureAt) failures++;
      refusals = error.isLasting ? refusals + 1 : 0;
      // What was in flight when the breaker opened tells nothing new.
      if (openSince === undefined ? !isDown() && refusals < REFUSALS : !isProbe) return;
      openSince ??= now;
      isProbing = false;
      if (error.isLasting) probeAt = now + refusedWaitMs(error);
      else probeAt = now + Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** trips++) * (0.5 + jitter.next() / 2);
    },
    onNothing(isProbe) {
      if (isProbe) isProbing = false;
    },
    join(other) {
      threshold = Math.min(threshold, other);
      probeAt = 0;
    },
  };

  function refusedWaitMs({ retryAfterMs = REFUSED_WAIT_MS }: ProviderError): number {
    return Math.min(LONGEST_REFUSED_WAIT_MS, Math.max(SHORTEST_REFUSED_WAIT_MS, retryAfterMs));
  }

  function isDown(): boolean {
    return failures >= threshold && failures >= FAILING_SHARE * starts;
  }
}
