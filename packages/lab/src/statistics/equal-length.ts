import { type Estimate, largest, smallest } from '@touchstone/spec';

import { jackknifeOfSums, type Range, scoreInterval } from './jackknife.js';
import { finite, groupBy } from './values.js';

/** A value and how much longer the one answer was than the other, as a difference of logarithms. */
export interface AtLength {
  value: number;
  longer: number;
}

/** Why there is no value at equal length; `equal`: lengths never differ, so that the plain mean is one. */
export type LengthNote = 'equal' | 'never-equal' | 'few';

/**
 * The mean of a value at equal length: regressed on the difference of log length by least squares and read at 0 (as Dubois et al. 2024 read a win
 * rate, there by logistic regression). Its error is the jackknife's over clusters, which holds where the spread differs with the length.
 *
 * @param range what a value can be; an interval never leaves it.
 * @returns no estimate where 0 is outside of the differences that there are, since a line says nothing of what lies beyond its data.
 * @throws {RangeError} a value is not finite, or the lists differ in length.
 */
export function meanAtEqualLength(
  values: readonly AtLength[],
  clusters: readonly string[],
  range: Range,
): { estimate: Estimate | null; note: LengthNote | null } {
  const longer = finite(
    values.map((one) => one.longer),
    'differences of length',
  );
  finite(
    values.map((one) => one.value),
    'values',
  );
  if (values.length === 0) return { estimate: null, note: 'few' };
  const [least, most] = [smallest(longer), largest(longer)];
  if (least > 0 || most < 0) return { estimate: null, note: 'never-equal' };
  const isEqual = most - least < 1e-9;
  const units = groupBy(values, clusters).map((group) => {
    const sums = [0, 0, 0, 0, 0];
    for (const { value: y, longer: x } of group)
      [1, x, y, x * x, x * y].forEach((term, i) => (sums[i]! += term));
    return sums;
  });
  const found = jackknifeOfSums(units, isEqual ? ([n, , y]) => y! / n! : atZero);
  if (!found) return { estimate: null, note: 'few' };
  return { estimate: scoreInterval(found, range), note: isEqual ? 'equal' : null };
}

/** The line's height at 0; null where there is no line. */
function atZero([n, x, y, xx, xy]: readonly number[]): number | null {
  const spread = n! * xx! - x! * x!;
  return spread > 1e-9 * n! * xx! ? (y! * xx! - x! * xy!) / spread : null;
}
