import type { ModelReply, ProviderError, Random } from '@touchstone/spec';
import { ENDED } from './abort.js';
import { isCongestion, isWorthRepeating } from './backoff.js';
import { createBreaker, type Breaker } from './breaker.js';
import type { Clock } from './clock.js';
import { createConcurrency, fixedConcurrency, type Concurrency } from './concurrency.js';
import { DeclaredLimits, type Limits, type Rates } from './limits/declared.js';
import { OwnRates, SHORTEST_WAIT_MS, type RateKeeper } from './limits/rates.js';
import type { RatesUser } from './limits/shared-rates.js';
import type { Permit, Ticket } from './ticket.js';

/** How a lane deals with its provider. */
export interface LaneOptions {
  /** False for a model in this process: `concurrency` is then the limit from the start and for ever. */
  adaptive: boolean;
  /** Failures that may mean that the provider is down, ≥ 1. */
  breakAfter: number;
  /** Milliseconds that calls wait for a provider that is down. */
  outageMs: number;
  /** The model's name, for messages. */
  name: string;
  /** Told once of judges that declare different limits of the model. */
  onProblem(message: string): void;
}

/** A call in flight. */
interface Started {
  startedAt: number;
  isProbe: boolean;
  /** What was set aside for it. */
  tokens: number;
}

interface Waiting extends Ticket {
  start(): void;
  turnAway(error: ProviderError): void;
}

/** A provider that has never answered is more likely misconfigured than down. */
const NEVER_ANSWERED_MS = 10_000;
/** A pause that a call with another way to go does not wait for. */
const LONG_PAUSE_MS = 5000;
/** From this share of the limit on, a higher one would have been used. */
const BUSY_SHARE = 0.8;
/** A timer that fires late must not lower the rate: starts may be closer together until they have caught up. */
const CATCH_UP_MS = 50;
/** Several machines that were refused together must not come back together: up to this share of the pause more. */
const PAUSE_JITTER = 0.1;

/**
 * The way to one provider: everything that says when the next call may start. Calls start in order, those that are tried
 * again first, when all of these allow it: the breaker, the pause that a Retry-After asked for, the spacing and the number
 * in flight (`concurrency.ts`), and the declared rates (`limits/`). Judges of one model on one account share a lane.
 */
export class Lane {
  readonly #clock: Clock;
  readonly #jitter: Random;
  readonly #options: LaneOptions;
  #outageMs: number;
  readonly #declared: DeclaredLimits;
  readonly #concurrency: Concurrency;
  readonly #breaker: Breaker;
  #rates: RateKeeper;
  #isShared = false;
  readonly #urgent = new Set<Waiting>();
  readonly #fresh = new Set<Waiting>();
  #inFlight = 0;
  #nextStartAt = -Infinity;
  #pausedUntil = -Infinity;
  #refusal: ProviderError | undefined;
  #wake: { at: number; stop: AbortController } | undefined;

  constructor(limits: Limits, options: LaneOptions, clock: Clock, jitter: Random) {
    const { concurrency, requests_per_minute, tokens_per_minute } = limits;
    const hasRates = requests_per_minute !== undefined || tokens_per_minute !== undefined;
    this.#clock = clock;
    this.#jitter = jitter;
    this.#options = options;
    this.#outageMs = options.outageMs;
    this.#declared = new DeclaredLimits(options.name, limits, options.onProblem);
    this.#concurrency = options.adaptive
      ? createConcurrency(concurrency, hasRates ? concurrency : undefined)
      : fixedConcurrency(concurrency);
    this.#breaker = createBreaker(options.breakAfter, jitter);
    this.#rates = new OwnRates(limits);
  }

  /** Another judge takes the same way: calls wait as long as the more patient of the two wants. */
  join({ outageMs, breakAfter }: Pick<LaneOptions, 'outageMs' | 'breakAfter'>): void {
    this.#outageMs = Math.max(this.#outageMs, outageMs);
    this.#breaker.join(breakAfter);
  }

  /** Keeps the rates together with other processes from now on; `open` makes what does so. */
  share(open: (rates: Rates, user: RatesUser) => RateKeeper): void {
    if (this.#isShared) return;
    this.#isShared = true;
    this.#rates = open(this.#declared.current(), {
      name: this.#options.name,
      onProblem: this.#options.onProblem,
      onChange: () => this.#pump(),
      onPause: (milliseconds) => this.#pause(milliseconds),
      isIdle: () => this.#inFlight === 0 && this.isIdle(),
    });
  }

  /** Waits for the call's turn. Rejects with what the provider is refusing calls with, or `cancelled()`. */
  enter(ticket: Ticket): Promise<Permit> {
    return new Promise((resolve, reject) => {
      const { signal, isPatient } = ticket;
      this.#declare(ticket.limits);
      if (signal.aborted) return reject(ticket.cancelled());
      const error = this.#turningAway(isPatient, this.#clock.now());
      if (error) return reject(error);
      const queue = ticket.isUrgent ? this.#urgent : this.#fresh;
      const leave = (): void => {
        queue.delete(waiting);
        signal.removeEventListener('abort', abort);
      };
      const abort = (): void => {
        leave();
        reject(ticket.cancelled());
        this.#pump();
      };
      const waiting: Waiting = {
        ...ticket,
        start: () => {
          leave();
          resolve(this.#startCall(ticket));
        },
        turnAway(reason) {
          leave();
          reject(reason);
        },
      };
      signal.addEventListener('abort', abort);
      queue.add(waiting);
      this.#pump();
    });
  }

  /** A call would not be turned away now. */
  isOpen(): boolean {
    return this.#turningAway(false, this.#clock.now()) === undefined;
  }

  /** The provider has answered before and is not down for too long: it is worth waiting for. */
  isAlive(): boolean {
    return this.#breaker.lastSuccessAt() !== undefined && this.#clock.now() < this.#patienceEnd();
  }

  /** The provider is taken to be down. */
  isDown(): boolean {
    return this.#breaker.openSince() !== undefined;
  }

  /** Nobody waits. */
  isIdle(): boolean {
    return this.#urgent.size === 0 && this.#fresh.size === 0;
  }

  /** Calls that may be in flight now. */
  limit(): number {
    return this.#concurrency.limit();
  }

  /** When calls stop waiting for a provider that is down. */
  #patienceEnd(): number {
    const since = this.#breaker.openSince();
    if (since === undefined) return Infinity;
    // Waiting does not help.
    if (this.#breaker.failure()!.isLasting) return since;
    const answered = this.#breaker.lastSuccessAt();
    return answered === undefined ? since + NEVER_ANSWERED_MS : since + this.#outageMs;
  }

  /** What a call is turned away with now, if it is. */
  #turningAway(isPatient: boolean, now: number): ProviderError | undefined {
    const failure = this.#breaker.failure();
    // The next probe is never turned away: somebody must find out that the provider is back.
    if (failure && this.#breaker.waitMs(now) > 0 && (!isPatient || now >= this.#patienceEnd()))
      return failure;
    return !isPatient && this.#pausedUntil - now > LONG_PAUSE_MS ? this.#refusal : undefined;
  }

  #declare(limits: Limits): void {
    if (!this.#declared.declare(limits, this.#clock.now())) return;
    this.#concurrency.change(this.#declared.current().concurrency);
    this.#rates.change(this.#declared.current());
  }

  #pause(milliseconds: number): void {
    const jitter = 1 + PAUSE_JITTER * this.#jitter.next();
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.now() + milliseconds * jitter);
  }

  #waitMs({ tokens }: Waiting, now: number): number {
    const wait = Math.max(this.#breaker.waitMs(now), this.#pausedUntil - now, this.#nextStartAt - now);
    // What is taken of a shared rate is taken from others: not before the call could start.
    if (wait > SHORTEST_WAIT_MS) return wait;
    const room = this.#concurrency.limit() - this.#inFlight;
    const calls = Math.min(this.#urgent.size + this.#fresh.size, room);
    return this.#rates.waitMs({ tokens, calls }, now);
  }

  /** Starts every call that may start now, and sees to it that the next one will. */
  #pump(): void {
    const now = this.#clock.now();
    if (this.#breaker.failure() || this.#pausedUntil > now) {
      for (const one of [...this.#urgent, ...this.#fresh]) {
        const error = this.#turningAway(one.isPatient, now);
        if (error) one.turnAway(error);
      }
    }
    for (;;) {
      const next = first(this.#urgent) ?? first(this.#fresh);
      if (!next) return this.#wakeAt(Infinity, now);
      const wait = this.#inFlight < this.#concurrency.limit() ? this.#waitMs(next, now) : Infinity;
      if (wait > SHORTEST_WAIT_MS) {
        const end = this.#patienceEnd();
        return this.#wakeAt(Math.min(now + wait, end > now ? end : Infinity), now);
      }
      next.start();
    }
  }

  #wakeAt(at: number, now: number): void {
    // Waking too early does no harm.
    if (this.#wake && at !== Infinity && this.#wake.at <= at + 1) return;
    this.#wake?.stop.abort(ENDED);
    this.#wake = undefined;
    if (at === Infinity) return;
    const mine = { at, stop: new AbortController() };
    this.#wake = mine;
    void this.#clock.sleep(at - now, mine.stop.signal).then(() => {
      if (this.#wake !== mine) return;
      this.#wake = undefined;
      this.#pump();
    });
  }

  #startCall({ tokens }: Ticket): Permit {
    const startedAt = this.#clock.now();
    const call = { startedAt, isProbe: this.#breaker.onStart(), tokens };
    this.#inFlight++;
    this.#nextStartAt = Math.max(this.#nextStartAt, startedAt - CATCH_UP_MS) + this.#concurrency.spacingMs();
    this.#rates.take(tokens, startedAt);
    return {
      succeed: (reply) => this.#succeed(call, reply),
      fail: (error) => this.#fail(call, error),
      cancel: () => this.#cancel(call),
      giveBack: () => this.#giveBack(call),
    };
  }

  #succeed({ startedAt, isProbe, tokens }: Started, { inputTokens, outputTokens }: ModelReply): void {
    const now = this.#clock.now();
    const isBusy = this.#inFlight >= BUSY_SHARE * this.#concurrency.limit();
    if (this.#breaker.onSuccess({ isProbe, startedAt, now })) this.#concurrency.restart(now);
    else this.#concurrency.onSuccess({ startedAt, now, isBusy });
    this.#end(now, tokens - inputTokens - outputTokens);
  }

  #fail({ startedAt, isProbe, tokens }: Started, error: ProviderError): void {
    const now = this.#clock.now();
    if (isCongestion(error) && isWorthRepeating(error)) {
      this.#refusal = error;
      this.#concurrency.onRefusal({ startedAt, now });
      this.#pause(error.retryAfterMs ?? 0);
      this.#rates.pause(error.retryAfterMs ?? 0);
      this.#breaker.onNothing(isProbe);
    } else if (error.isRetryable || error.isLasting)
      this.#breaker.onFailure(error, { isProbe, startedAt, now });
    else this.#breaker.onNothing(isProbe);
    // A provider that said no has used no tokens; of one that said nothing the worst is assumed.
    this.#end(now, error.status === undefined ? 0 : tokens);
  }

  #cancel({ isProbe }: Started): void {
    this.#breaker.onNothing(isProbe);
    this.#end(this.#clock.now(), 0);
  }

  #giveBack({ isProbe, tokens }: Started): void {
    const now = this.#clock.now();
    this.#breaker.onNothing(isProbe);
    this.#end(now, tokens, 1);
  }

  #end(now: number, tokens: number, requests = 0): void {
    this.#inFlight--;
    this.#rates.giveBack({ requests, tokens }, now);
    this.#pump();
  }
}

function first<T>(queue: Set<T>): T | undefined {
  for (const one of queue) return one;
  return undefined;
}
