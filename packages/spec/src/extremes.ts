/*
 * A call that spreads a list hands each value over as an argument, and from some hundred thousand of them on that is a stack
 * overflow.
 */

/** The largest of the values, −∞ of none; NaN where one of them is. */
export function largest(values: Iterable<number>): number {
  let result = -Infinity;
  for (const value of values) result = Math.max(result, value);
  return result;
}

/** The smallest of the values, ∞ of none; NaN where one of them is. */
export function smallest(values: Iterable<number>): number {
  let result = Infinity;
  for (const value of values) result = Math.min(result, value);
  return result;
}
