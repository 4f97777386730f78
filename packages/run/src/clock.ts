/** The one door that time comes through. */
export interface Clock {
  /** Seconds on a clock that only goes forward. */
  seconds(): number;
  date(): Date;
}

/** The time of this machine. */
export const systemClock: Clock = { seconds: () => performance.now() / 1000, date: () => new Date() };
