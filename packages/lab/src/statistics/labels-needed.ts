import type { Estimate } from '@touchstone/spec';

/**
 * How many more units make the interval this narrow, if what is still to come looks like what was seen: widths shrink with √n.
 *
 * @param halfWidth above 0.
 * @returns 0 where it is that narrow already.
 */
export function moreForHalfWidth({ low, high, n }: Estimate, halfWidth: number): number {
  if (!(halfWidth > 0)) throw new RangeError(`expected a half width above 0, got ${halfWidth}`);
  return more(n, (high - low) / 2 / halfWidth);
}

/**
 * How many more units bring the bound of the interval to the threshold, if the mean stays what it is.
 *
 * @returns 0 where the bound keeps to it already; null where the mean does not: more of the same will not do.
 */
export function moreToClear(
  { mean, low, high, n }: Estimate,
  threshold: { min: number } | { max: number },
): number | null {
  const [room, reach] =
    'min' in threshold ? [mean - threshold.min, mean - low] : [threshold.max - mean, high - mean];
  if (reach <= room) return 0;
  return room > 0 ? more(n, reach / room) : null;
}

/** For an interval that must become `ratio` times as narrow. */
function more(n: number, ratio: number): number {
  return Math.max(0, Math.ceil(n * ratio ** 2 - n - 1e-9)); // rounding must not ask for one more
}
