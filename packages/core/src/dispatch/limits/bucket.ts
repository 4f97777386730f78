/** A rate that is kept over time: what is not used now can be made up for, up to one second's worth. */
export interface Bucket {
  /** Milliseconds until `amount` may be taken; 0 for at once. */
  waitMs(amount: number, now: number): number;
  /** Takes `amount`, even more than there is: what comes next waits until the debt is paid. */
  take(amount: number, now: number): void;
  /** Gives back what was taken and not used. */
  giveBack(amount: number, now: number): void;
}

/** What may be made up for after a pause. Providers that promise a rate a minute may check it every second. */
const BURST_SECONDS = 1;

/**
 * A token bucket that fills at `perMinute`. An amount larger than the bucket may be taken when the bucket is full, so that
 * a single large request passes, and the rate still holds on average.
 *
 * @param fullness what it holds at first, as a share of one second's worth, 0–1
 */
export function createBucket(perMinute: number, fullness = 1): Bucket {
  const perMs = perMinute / 60_000;
  const size = Math.max(1, perMs * 1000 * BURST_SECONDS);
  let level = size * fullness;
  let filledAt: number | undefined;
  const fill = (now: number): void => {
    level = Math.min(size, level + Math.max(0, now - (filledAt ?? now)) * perMs);
    filledAt = now;
  };
  return {
    waitMs(amount, now) {
      fill(now);
      const missing = Math.min(amount, size) - level;
      // Rounding must not ask for a wait that is too short to change anything.
      return missing <= size * 1e-9 ? 0 : missing / perMs;
    },
    take(amount, now) {
      fill(now);
      level -= amount;
    },
    giveBack(amount, now) {
      fill(now);
      level = Math.min(size, level + amount);
    },
  };
}
