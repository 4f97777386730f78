import { quantile } from '@touchstone/lab';
import { largest, smallest } from '@touchstone/spec';
import type { Clock } from '../../clock.js';

/** What repeated measurements of one thing came to. */
export interface Spread {
  median: number;
  min: number;
  max: number;
  /** Measurements. */
  n: number;
}

/** Of each measurement: machines that others use too are three times as fast in one minute as in the next. */
export const ROUNDS = 3;

export function spreadOf(values: readonly number[]): Spread {
  return {
    median: quantile(
      values.toSorted((a, b) => a - b),
      0.5,
    ),
    min: smallest(values),
    max: largest(values),
    n: values.length,
  };
}

export async function timed<T>(clock: Clock, work: () => Promise<T>): Promise<{ seconds: number; value: T }> {
  const begun = clock.seconds();
  const value = await work();
  return { seconds: clock.seconds() - begun, value };
}

/**
 * Does the work `ROUNDS` times. The caller has done it once before: graphs are compiled and memory is taken then.
 *
 * @param work told its round, from 0.
 */
export async function repeated<T>(work: (round: number) => Promise<T>, onRound: () => void): Promise<T[]> {
  const results: T[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    results.push(await work(round));
    onRound();
  }
  return results;
}

/** Seconds that one round may take, about: of what takes longer in a run, a part is measured. */
export const ROUND_SECONDS = 3;

/**
 * How many units fit into a round: at least 1, at most `most`. Twice as many may take hardly longer, so it is tried and not
 * multiplied.
 *
 * @param secondsOf does so many; done once before, as for `repeated`.
 */
export async function fitting(most: number, secondsOf: (units: number) => Promise<number>): Promise<number> {
  for (let units = 1; ;) {
    const seconds = await secondsOf(units);
    const next = Math.min(most, Math.floor((units * ROUND_SECONDS) / seconds));
    if (next < 2 * units) return Math.max(1, next);
    units = next;
  }
}
