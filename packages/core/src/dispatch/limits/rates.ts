import { createBucket, type Bucket } from './bucket.js';
import type { Rates } from './declared.js';

/** What the next calls need. */
export interface Wanted {
  /** Of the next call: input and the longest output. */
  tokens: number;
  /** Calls that could start now but for the rates, the next one among them. */
  calls: number;
}

/** Keeps the declared rates of one account and model. */
export interface RateKeeper {
  /** Milliseconds until the next call may start, 0 for at once. It may turn out sooner: ask again when told to. */
  waitMs(next: Wanted, now: number): number;
  /** A call starts. */
  take(tokens: number, now: number): void;
  /** A call has ended: what it took and did not use. Fewer than none where it used more. */
  giveBack(unused: { requests: number; tokens: number }, now: number): void;
  /** The provider has asked for a pause of so many milliseconds. */
  pause(milliseconds: number): void;
  /** From now on. */
  change(rates: Rates): void;
}

/**
 * Calls that wait for a declared rate start a few at a time: the rate makes up for a second, and a process that is woken
 * for each call pays more for waking up than for the call (`npm run bench:reward`).
 */
const TICK_MS = 200;
/** Rounding leaves waits that are too short for any clock. */
export const SHORTEST_WAIT_MS = 1e-3;

/** Rates that this process keeps by itself. */
export class OwnRates implements RateKeeper {
  #requests: Bucket | undefined;
  #tokens: Bucket | undefined;

  /** @param fullness see `createBucket`. */
  constructor(rates: Rates, fullness = 1) {
    this.change(rates, fullness);
  }

  waitMs({ tokens }: Wanted, now: number): number {
    const wait = Math.max(this.#requests?.waitMs(1, now) ?? 0, this.#tokens?.waitMs(tokens, now) ?? 0);
    return wait > SHORTEST_WAIT_MS ? Math.max(wait, TICK_MS) : 0;
  }

  take(tokens: number, now: number): void {
    this.#requests?.take(1, now);
    this.#tokens?.take(tokens, now);
  }

  giveBack({ requests, tokens }: { requests: number; tokens: number }, now: number): void {
    this.#requests?.giveBack(requests, now);
    this.#tokens?.giveBack(tokens, now);
  }

  pause(): void {
    // Nobody else needs to know.
  }

  change({ requests_per_minute, tokens_per_minute }: Rates, fullness = 0): void {
    const bucket = (perMinute: number | undefined): Bucket | undefined =>
      perMinute === undefined ? undefined : createBucket(perMinute, fullness);
    this.#requests = bucket(requests_per_minute);
    this.#tokens = bucket(tokens_per_minute);
  }
}
