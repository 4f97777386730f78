import type { ProviderError, Random } from '@touchstone/spec';

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
  onSuccess(now: number): boolean;
  onFailure(error: ProviderError, isProbe: boolean, now: number): void;
  /** A probe ended without telling anything about the provider: the next call is the probe. */
  onNothing(isProbe: boolean): void;
  /** When the provider last answered; undefined before the first time. */
  lastSuccessAt(): number | undefined;
}

const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 30_000;

/**
 * A circuit breaker (Nygard, Release It!): opens after `threshold` failures in a row, lets one probe through after 1 s,
 * then after 2, 4, … 30 s (each with equal jitter), and closes with the first success.
 */
export function createBreaker(threshold: number, jitter: Random): Breaker {
  let inARow = 0;
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
    onStart: () => (isProbing = openSince !== undefined),
    onSuccess(now) {
      const ended = openSince !== undefined;
      inARow = trips = 0;
      openSince = undefined;
      isProbing = false;
      lastSuccessAt = now;
      return ended;
    },
    onFailure(error, isProbe, now) {
      last = error;
      inARow++;
      // What was in flight when the breaker opened tells nothing new.
      if (openSince === undefined ? inARow < threshold : !isProbe) return;
      openSince ??= now;
      isProbing = false;
      probeAt = now + Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** trips++) * (0.5 + jitter.next() / 2);
    },
    onNothing(isProbe) {
      if (isProbe) isProbing = false;
    },
  };
}
