/**
 * The most of `times` that lie in one window of so many milliseconds.
 *
 * @param times milliseconds, in order
 */
export function mostWithin(times: readonly number[], milliseconds: number): number {
  let most = 0;
  for (let first = 0, last = 0; last < times.length; last++) {
    while (times[last]! - times[first]! >= milliseconds) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/**
 * By how many `times` exceed a rate at most, over windows of every length: what a token bucket of that rate must hold to let
 * all of them through. 60 s of a rate with an excess of 1.8 s' worth are 3 % too many.
 *
 * @param times milliseconds, in order
 */
export function excessOver(times: readonly number[], perMinute: number): number {
  const perMs = perMinute / 60_000;
  let level = 0;
  let most = 0;
  let before = times[0] ?? 0;
  for (const time of times) {
    level = Math.max(0, level - (time - before) * perMs) + 1;
    most = Math.max(most, level);
    before = time;
  }
  return most;
}
