import { ProviderError } from '@touchstone/spec';
import { childController, ENDED } from './abort.js';
import type { Clock } from './clock.js';
import type { CallsConfig } from './schema.js';

/** When a call counts as a straggler, and whether another one may be sent for it. */
export interface Hedging {
  /**
   * Milliseconds after its start; undefined while too little is known.
   *
   * @param isIdle nothing else waits for the provider, so that a second call takes nothing from others.
   */
  delayMs(isIdle: boolean): number | undefined;
  /** Takes one of the second calls that are allowed, if there is one for a call that has been out for so long. */
  takeOne(elapsedMs: number): boolean;
  onStart(now: number): void;
  /** `latencyMs`: from the first call's start to the reply, whichever call it came from. */
  onReply(latencyMs: number, now: number): void;
}

/** Recent replies that the quantile is taken of, and how many it needs. */
const WINDOW = 512;
const FEWEST = 64;
/** Hangs must not push the quantile, and with it the time until they are noticed, up and up. */
const MEDIANS_AT_MOST = 10;
const IDLE_QUANTILE = 0.9;
/** Second calls that are kept for stragglers when others may have one because nothing else waits. */
const KEPT = 5;
/** Second calls for one call: the second may hang too. */
const PER_CALL = 2;
/** Second calls that may be saved up for a bad moment. */
const SAVED_AT_MOST = 100;
/** What counts as a straggler changes while a call is on its way. */
const LOOK_AGAIN_MS = 500;

/** Hedged requests (Dean and Barroso, The Tail at Scale, 2013) with a bound on what they cost. */
export function createHedging({ quantile, after_seconds, share }: CallsConfig['hedge']): Hedging {
  const afterMs = after_seconds === undefined ? undefined : after_seconds * 1000;
  const latencies: number[] = [];
  let seen = 0;
  let firstStart: number | undefined;
  let delays: { idle: number; busy: number } | undefined;
  let allowed = 0;
  return {
    delayMs: (isIdle) => afterMs ?? (isIdle ? delays?.idle : delays?.busy),
    takeOne(elapsedMs) {
      const isStraggler = elapsedMs >= (afterMs ?? delays?.busy ?? Infinity);
      if (allowed < 1 + (isStraggler ? 0 : KEPT)) return false;
      allowed--;
      return true;
    },
    onStart(now) {
      firstStart ??= now;
      allowed = Math.min(SAVED_AT_MOST, allowed + share);
    },
    onReply(latencyMs, now) {
      latencies[seen++ % WINDOW] = latencyMs;
      // Sorting is for now and then, not for every reply.
      if (seen < FEWEST || seen % 16 !== 0) return;
      const sorted = Float64Array.from(latencies).sort();
      const at = (q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;
      const most = MEDIANS_AT_MOST * at(0.5);
      // At the beginning only fast calls have ended: their quantile would call every other one a straggler.
      if (now - (firstStart ?? now) < most) return;
      const busy = Math.min(at(quantile), most);
      delays = { busy, idle: Math.min(at(IDLE_QUANTILE), busy) };
    },
  };
}

/** One try of a call. It calls `onStart` when it is really on its way, and ends soon after `signal` aborts. */
export type Try<T> = (how: { signal: AbortSignal; isHedge: boolean; onStart: () => void }) => Promise<T>;

/**
 * Runs `attempt`, and again beside it when it becomes a straggler. The first success wins and ends the others; the
 * last failure counts when all fail. Settles when all of them have ended, so that their cost is known.
 */
export async function withHedges<T>(
  attempt: Try<T>,
  {
    hedging,
    isIdle,
    clock,
    signal,
  }: { hedging: Hedging | undefined; isIdle: () => boolean; clock: Clock; signal: AbortSignal },
): Promise<T> {
  if (!hedging) return attempt({ signal, isHedge: false, onStart: () => undefined });
  const { controller, unlink } = childController(signal);
  const running: Promise<void>[] = [];
  const timers = new Set<() => void>();
  let firstStart: number | undefined;
  let live = 0;
  try {
    return await new Promise<T>((resolve, reject) => {
      const run = (): void => {
        live++;
        const isHedge = running.length > 0;
        const onStart = (): void => {
          firstStart ??= clock.now();
          hedging.onStart(clock.now());
          watch(clock.now());
        };
        const ended = attempt({ signal: controller.signal, isHedge, onStart }).then(
          (value) => {
            live--;
            if (firstStart !== undefined) hedging.onReply(clock.now() - firstStart, clock.now());
            resolve(value);
          },
          (error: unknown) => {
            live--;
            if (live === 0 || !(error instanceof ProviderError)) reject(error as Error);
          },
        );
        running.push(ended);
      };
      const watch = (startedAt: number): void => {
        if (controller.signal.aborted || live === 0 || running.length > PER_CALL) return;
        const elapsedMs = clock.now() - startedAt;
        const delayMs = hedging.delayMs(isIdle()) ?? Infinity;
        if (elapsedMs >= delayMs && hedging.takeOne(elapsedMs)) return run();
        // Until the shorter delay is over nothing can happen; after it the lane may become idle at any time.
        const leftMs = (hedging.delayMs(true) ?? 0) - elapsedMs;
        const stop = clock.after(leftMs > 0 ? Math.max(1, leftMs) : LOOK_AGAIN_MS, () => {
          timers.delete(stop);
          watch(startedAt);
        });
        timers.add(stop);
      };
      run();
    });
  } finally {
    for (const stop of timers) stop();
    if (live > 0) controller.abort(ENDED);
    unlink();
    await Promise.all(running);
  }
}
