import type { Estimate } from '@touchstone/spec';

/** Without control characters: text of models and files must not steer the terminal. Line ends and tabs stay. */
export function printable(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(/(?![\n\t])[\p{Cc}\p{Bidi_Control}]/gu, '\u{FFFD}');
}

/** The same on one line. */
export function oneLine(text: string): string {
  return printable(text).replaceAll(/\s+/g, ' ').trim();
}

/** A length of time for people: `4 s`, `1 min 05 s`, `2 h 03 min`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const two = (n: number): string => String(n).padStart(2, '0');
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${two(Math.floor((seconds % 3600) / 60))} min`;
}

/** An estimate with its interval. */
export const figure = (estimate: Estimate | null): string =>
  estimate
    ? `${thousandths(estimate.mean)} [${thousandths(estimate.low)}, ${thousandths(estimate.high)}]`
    : 'no data';

/** Nothing is below 0 that is written as 0. */
const thousandths = (value: number): string => value.toFixed(3).replace(/^-(?=0\.000$)/, '');

/** Likewise of a difference, with a plus sign before what is above 0. */
export const difference = (estimate: Estimate | null): string =>
  `${estimate !== null && estimate.mean >= 0.0005 ? '+' : ''}${figure(estimate)}`;
