import { finite } from './values.js';

/** Two readings of one thing: the judge's and the label, each a number on one scale. */
export type Pair = readonly [number, number];

/**
 * The first reading of each pair, and the second.
 *
 * @throws {RangeError} one is not a finite number.
 */
export function sides(pairs: readonly Pair[]): readonly [readonly number[], readonly number[]] {
  return [
    finite(
      pairs.map(([a]) => a),
      'first readings',
    ),
    finite(
      pairs.map(([, b]) => b),
      'second readings',
    ),
  ];
}
