/** The one door to time for waiting, so that a test can make it pass. */
export interface Clock {
  /** Milliseconds since the epoch; never goes back. */
  now(): number;
  /** Resolves after that many milliseconds, or as soon as `signal` aborts. Never rejects. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** The longest time a timer can hold. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  // The wall clock may be set back; a wait that was computed from it would then last for hours.
  now: () => performance.timeOrigin + performance.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      // Timers drop what is less than a millisecond, and whoever wakes too early must sleep again.
      const timer = setTimeout(done, Math.min(Math.ceil(milliseconds), LONGEST_TIMER_MS));
      signal?.addEventListener('abort', done);
    }),
};
