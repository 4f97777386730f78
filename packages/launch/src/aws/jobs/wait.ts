import { type Clock, systemClock } from '@touchstone/core';
import { RunError } from '@touchstone/spec';
import { AwsError } from './errors.js';

/** How often AWS is asked: less and less often while nothing happens. */
export interface Pace {
  firstMs: number;
  mostMs: number;
  /** After so long without an answer the command gives up. */
  patienceMs: number;
  /** What a job has written last comes so much later than its end. */
  settleMs: number;
}
export const PACE: Pace = { firstMs: 15_000, mostMs: 120_000, patienceMs: 3_600_000, settleMs: 10_000 };

/** What tests change. */
export interface Waiting {
  pace?: Pace;
  clock?: Clock;
}

/** Asks until there is an answer; undefined: the signal was aborted. */
export async function patiently<T>(
  { pace, clock, signal }: { pace: Pace; clock: Clock; signal: AbortSignal | undefined },
  ask: () => Promise<T>,
): Promise<T | undefined> {
  const begun = clock.now();
  for (let pause = pace.firstMs; ; pause = Math.min(pause * 2, pace.mostMs)) {
    if (signal?.aborted) return undefined;
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof AwsError) || !error.isRetryable) throw error;
      if (clock.now() - begun > pace.patienceMs) {
        throw new RunError(
          `nothing is known of the job for ${Math.round((clock.now() - begun) / 60_000)} minutes: ${error.message}. It may go on: run the same command again, which finds it`,
          { cause: error },
        );
      }
      await clock.sleep(pause, signal);
    }
  }
}

/**
 * Waits until something that was asked for is there.
 *
 * @param good its status then; `going`: those on the way.
 * @throws {RunError} it has another status: it has failed, or the wait was broken off.
 */
export async function settled(
  what: string,
  { good, going }: { good: string; going: readonly string[] },
  look: () => Promise<{ status: string | undefined; why: string | undefined }>,
  { pace = PACE, clock = systemClock }: Waiting,
  signal?: AbortSignal,
): Promise<void> {
  for (let pause = pace.firstMs; ; pause = Math.min(pause * 1.5, pace.mostMs)) {
    const found = await patiently({ pace, clock, signal }, look);
    if (!found) throw new RunError(`${what} was not waited for; run the same command again, which finds it`);
    if (found.status === good) return;
    if (!going.includes(found.status ?? '')) {
      throw new RunError(
        `${what} is ${found.status ?? 'in no status'}${found.why === undefined ? '' : `: ${found.why}`}; expected ${good}. Delete it, and run the same command again`,
      );
    }
    await clock.sleep(pause, signal);
  }
}
