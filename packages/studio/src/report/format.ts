import type { Estimate } from '@touchstone/spec';

export const NO_DATA = 'no data';

/** A number with a true minus sign and `digits` decimals; `-0.00` is written `0.00`. */
export function decimal(value: number, digits = 2): string {
  const text =
    Math.abs(value) < 1e6 ? Math.abs(value).toFixed(digits) : Math.abs(value).toExponential(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** Like `decimal`, with a plus sign before what is above 0. */
export function signed(value: number, digits = 2): string {
  const text = decimal(value, digits);
  return value > 0 && Number(text) !== 0 ? `+${text}` : text;
}

function hasData(estimate: Estimate | null | undefined): estimate is Estimate {
  return estimate !== null && estimate !== undefined && estimate.n > 0;
}

/** A number of things, which is known and has no interval. Shares are never above 1. */
const isCount = ({ mean, low, high }: Estimate): boolean =>
  mean > 1 && Number.isInteger(mean) && low === mean && high === mean;

/** `0.83 [0.79, 0.87]`, a count as `12`, or "no data" for null and for n = 0. */
export function interval(estimate: Estimate | null | undefined): string {
  if (!hasData(estimate)) return NO_DATA;
  if (isCount(estimate)) return count(estimate.mean);
  return `${decimal(estimate.mean)} [${decimal(estimate.low)}, ${decimal(estimate.high)}]`;
}

/**
 * `+0.12 [0.08, 0.16]`. Takes a third or fourth decimal when two would write a bound as 0.00 that is not 0, because
 * whether the interval excludes 0 is what a reader looks for.
 */
export function difference(estimate: Estimate | null | undefined): string {
  if (!hasData(estimate)) return NO_DATA;
  const { mean, low, high } = estimate;
  const hidden = (digits: number): boolean =>
    [low, high].some((bound) => bound !== 0 && Number(bound.toFixed(digits)) === 0);
  const digits = [2, 3].find((d) => !hidden(d)) ?? 4;
  return `${signed(mean, digits)} [${decimal(low, digits)}, ${decimal(high, digits)}]`;
}

/** What an interval says of a difference: `undecided` when it includes 0, `none` when there is no data. */
export type Direction = 'higher' | 'lower' | 'undecided' | 'none';

export function direction(estimate: Estimate | null | undefined): Direction {
  if (!hasData(estimate)) return 'none';
  if (estimate.low > 0) return 'higher';
  if (estimate.high < 0) return 'lower';
  return 'undecided';
}

/** A whole number with thousands separated: `12,345`. */
export function count(value: number): string {
  return value.toLocaleString('en-GB', { maximumFractionDigits: 0 });
}

/** A number and its noun: `1 task`, `128 tasks`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** Seconds as people say them: `0.4 s`, `42 s`, `3 min 27 s`, `2 h 05 min`. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${decimal(seconds, 1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const pad = (value: number): string => String(value).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  return `${count(Math.floor(whole / 3600))} h ${pad(Math.floor((whole % 3600) / 60))} min`;
}

/** US dollars; money is 0 where no price is declared, and then a price is not claimed. */
export function dollars(value: number): string {
  if (value === 0) return 'none, or no price declared';
  return value < 0.01 ? `$${value.toPrecision(2)}` : `$${value.toFixed(2)}`;
}

/** At most `length` characters, the last of them an ellipsis when text was cut. For chart labels only. */
export function shorten(text: string, length: number): string {
  const letters = Array.from(text);
  return letters.length <= length ? text : `${letters.slice(0, length - 1).join('')}…`;
}
