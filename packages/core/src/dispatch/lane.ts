import type { ModelReply, ProviderError, Random } from '@touchstone/spec';
import { ENDED } from './abort.js';
import { isCongestion, isWorthRepeating } from './backoff.js';
import { createBreaker } from './breaker.js';
import type { Clock } from './clock.js';
import { createConcurrency, fixedConcurrency } from './concurrency.js';
import { createBucket } from './rate.js';

/** What one provider lets through. */
export interface LaneLimits {
  /** Calls in flight at most, ≥ 1. */
  concurrency: number;
  /** False for a model in this process: `concurrency` is then the limit from the start and for ever. */
  adaptive: boolean;
  requestsPerMinute?: number | undefined;
  tokensPerMinute?: number | undefined;
  /** Failures that may mean that the provider is down, ≥ 1. */
  breakAfter: number;
  /** Milliseconds that calls wait for a provider that is down. */
  outageMs: number;
}

/** How a call waits for its turn. */
export interface Ticket {
  /** Tokens that the provider sets aside when the call starts: input and the longest output. */
  tokens: number;
  /** Goes before calls that have never been tried. */
  isUrgent: boolean;
  /** Stays in the queue while the provider is down or wants a long pause; otherwise is turned away at once. */
  isPatient: boolean;
  signal: AbortSignal;
  cancelled: () => ProviderError;
}

/** The right to have one call in flight. It ends with exactly one of its methods. */
export interface Permit {
  startedAt: number;
  succeed(reply: ModelReply): void;
  fail(error: ProviderError): void;
  /** The call was cancelled: it tells nothing about the provider. */
  cancel(): void;
  /** The call was never sent. */
  giveBack(): void;
}

/** The way to one provider: everything that says when the next call may start. */
export interface Lane {
  /** Waits for the call's turn. Rejects with what the provider is refusing calls with, or `cancelled()`. */
  enter(ticket: Ticket): Promise<Permit>;
  /** A call would not be turned away now. */
  isOpen(): boolean;
  /** The provider has answered before and is not down for too long: it is worth waiting for. */
  isAlive(): boolean;
  /** The provider is taken to be down. */
  isDown(): boolean;
  /** Nobody waits. */
  isIdle(): boolean;
  limit(): number;
}

interface Waiting extends Ticket {
  start(): void;
  turnAway(error: ProviderError): void;
}

/** A provider that has never answered is more likely misconfigured than down. */
const NEVER_ANSWERED_MS = 10_000;
/** A pause that a call with another way to go does not wait for. */
const LONG_PAUSE_MS = 5000;
/** Rounding leaves waits that are too short for any clock. */
const SHORTEST_WAIT_MS = 1e-3;
/**
 * Calls that wait for a declared rate start a few at a time: the rate makes up for a second, and a process that is woken
 * for each call pays more for waking up than for the call (`npm run bench:reward`).
 */
const TICK_MS = 200;
/** A timer that fires late must not lower the rate: starts may be closer together until they have caught up. */
const CATCH_UP_MS = 50;
/** Several machines that were refused together must not come back together: up to this share of the pause more. */
const PAUSE_JITTER = 0.1;

/**
 * Calls start in order, those that are tried again first, when all of these allow it: the breaker, the pause that a
 * Retry-After asked for, the spacing and the number in flight (`concurrency.ts`), and the declared rates (`rate.ts`).
 */
export function createLane(limits: LaneLimits, clock: Clock, jitter: Random): Lane {
  const { requestsPerMinute, tokensPerMinute, outageMs } = limits;
  const hasRates = requestsPerMinute !== undefined || tokensPerMinute !== undefined;
  const concurrency = limits.adaptive
    ? createConcurrency(limits.concurrency, hasRates ? limits.concurrency : undefined)
    : fixedConcurrency(limits.concurrency);
  const breaker = createBreaker(limits.breakAfter, jitter);
  const requests = requestsPerMinute === undefined ? undefined : createBucket(requestsPerMinute);
  const tokens = tokensPerMinute === undefined ? undefined : createBucket(tokensPerMinute);
  const urgent = new Set<Waiting>();
  const fresh = new Set<Waiting>();
  let inFlight = 0;
  let nextStartAt = -Infinity;
  let pausedUntil = -Infinity;
  let refusal: ProviderError | undefined;
  let wake: { at: number; stop: AbortController } | undefined;

  /** When calls stop waiting for a provider that is down. */
  function patienceEnd(): number {
    const since = breaker.openSince();
    if (since === undefined) return Infinity;
    const answered = breaker.lastSuccessAt();
    return answered === undefined ? since + NEVER_ANSWERED_MS : since + outageMs;
  }

  /** What a call is turned away with now, if it is. */
  function turningAway(isPatient: boolean, now: number): ProviderError | undefined {
    const failure = breaker.failure();
    // The next probe is never turned away: somebody must find out that the provider is back.
    if (failure && breaker.waitMs(now) > 0 && (!isPatient || now >= patienceEnd())) return failure;
    return !isPatient && pausedUntil - now > LONG_PAUSE_MS ? refusal : undefined;
  }

  function waitMs(next: Waiting, now: number): number {
    const rateMs = Math.max(requests?.waitMs(1, now) ?? 0, tokens?.waitMs(next.tokens, now) ?? 0);
    return Math.max(
      breaker.waitMs(now),
      pausedUntil - now,
      nextStartAt - now,
      rateMs > SHORTEST_WAIT_MS ? Math.max(rateMs, TICK_MS) : 0,
    );
  }

  function pump(): void {
    const now = clock.now();
    if (breaker.failure() || pausedUntil > now) {
      for (const one of [...urgent, ...fresh]) {
        const error = turningAway(one.isPatient, now);
        if (error) one.turnAway(error);
      }
    }
    for (;;) {
      const next = first(urgent) ?? first(fresh);
      if (!next) return wakeAt(Infinity, now);
      const wait = inFlight < concurrency.limit() ? waitMs(next, now) : Infinity;
      if (wait > SHORTEST_WAIT_MS) {
        const end = patienceEnd();
        return wakeAt(Math.min(now + wait, end > now ? end : Infinity), now);
      }
      next.start();
    }
  }

  function wakeAt(at: number, now: number): void {
    // Waking too early does no harm.
    if (wake && at !== Infinity && wake.at <= at + 1) return;
    wake?.stop.abort(ENDED);
    wake = undefined;
    if (at === Infinity) return;
    const mine = { at, stop: new AbortController() };
    wake = mine;
    void clock.sleep(at - now, mine.stop.signal).then(() => {
      if (wake !== mine) return;
      wake = undefined;
      pump();
    });
  }

  function startCall(ticket: Ticket): Permit {
    const startedAt = clock.now();
    const isProbe = breaker.onStart();
    const isBusy = (): boolean => inFlight >= 0.8 * concurrency.limit();
    inFlight++;
    nextStartAt = Math.max(nextStartAt, startedAt - CATCH_UP_MS) + concurrency.spacingMs();
    requests?.take(1, startedAt);
    tokens?.take(ticket.tokens, startedAt);
    const end = (now: number, unusedTokens: number): void => {
      inFlight--;
      tokens?.giveBack(unusedTokens, now);
      pump();
    };
    return {
      startedAt,
      succeed(reply) {
        const now = clock.now();
        if (breaker.onSuccess({ isProbe, startedAt, now })) concurrency.restart(now);
        else concurrency.onSuccess({ startedAt, now, isBusy: isBusy() });
        end(now, ticket.tokens - reply.inputTokens - reply.outputTokens);
      },
      fail(error) {
        const now = clock.now();
        if (isCongestion(error) && isWorthRepeating(error)) {
          refusal = error;
          concurrency.onRefusal({ startedAt, now });
          const pause = (error.retryAfterMs ?? 0) * (1 + PAUSE_JITTER * jitter.next());
          pausedUntil = Math.max(pausedUntil, now + pause);
          breaker.onNothing(isProbe);
        } else if (error.isRetryable) breaker.onFailure(error, { isProbe, startedAt, now });
        else breaker.onNothing(isProbe);
        // A provider that said no has used no tokens; of one that said nothing the worst is assumed.
        end(now, error.status === undefined ? 0 : ticket.tokens);
      },
      cancel() {
        breaker.onNothing(isProbe);
        end(clock.now(), 0);
      },
      giveBack() {
        const now = clock.now();
        breaker.onNothing(isProbe);
        requests?.giveBack(1, now);
        end(now, ticket.tokens);
      },
    };
  }

  return {
    limit: () => concurrency.limit(),
    isIdle: () => urgent.size === 0 && fresh.size === 0,
    isOpen: () => turningAway(false, clock.now()) === undefined,
    isDown: () => breaker.openSince() !== undefined,
    isAlive: () => breaker.lastSuccessAt() !== undefined && clock.now() < patienceEnd(),
    enter: (ticket) =>
      new Promise((resolve, reject) => {
        const { signal, isPatient } = ticket;
        if (signal.aborted) return reject(ticket.cancelled());
        const error = turningAway(isPatient, clock.now());
        if (error) return reject(error);
        const queue = ticket.isUrgent ? urgent : fresh;
        const leave = (): void => {
          queue.delete(waiting);
          signal.removeEventListener('abort', abort);
        };
        const abort = (): void => {
          leave();
          reject(ticket.cancelled());
          pump();
        };
        const waiting: Waiting = {
          ...ticket,
          start() {
            leave();
            resolve(startCall(ticket));
          },
          turnAway(reason) {
            leave();
            reject(reason);
          },
        };
        signal.addEventListener('abort', abort);
        queue.add(waiting);
        pump();
      }),
  };
}

function first<T>(queue: Set<T>): T | undefined {
  for (const one of queue) return one;
  return undefined;
}
