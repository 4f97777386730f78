/** The one door to time for waiting, so that a test can make it pass. */
export interface Clock {
  /** Milliseconds since the epoch; never goes back. */
  now(): number;
  /** Resolves after that many milliseconds, or as soon as `signal` aborts. Never rejects. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /**
   * Calls `work` after that many milliseconds, unless what it returns has been called by then. For what every call does: a
   * signal that ends a sleep costs many times as much.
   */
  after(milliseconds: number, work: () => void): () => void;
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
      const timer = startTimer(milliseconds, done);
      signal?.addEventListener('abort', done);
    }),
  after(milliseconds, work) {
    const timer = startTimer(milliseconds, work);
    return () => clearTimeout(timer);
  },
};

/** Timers drop what is less than a millisecond, and whoever wakes too early must sleep again. */
function startTimer(milliseconds: number, work: () => void): NodeJS.Timeout {
  return setTimeout(work, Math.min(Math.ceil(milliseconds), LONGEST_TIMER_MS));
}
