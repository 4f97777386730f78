import { correlation } from './correlation.js';
import { finite, meanOf, sumOf } from './values.js';

/** What is left of a column beside others, as a share of its squares, below which it is one of them but for rounding. */
const ROUNDING = 1e-10;

/**
 * Correlation of two columns with others held constant: Pearson's of what is left of each when its least-squares fit on the others is taken away.
 * Of ranks it is the partial rank correlation (Conover and Iman 1981). −1 to 1.
 *
 * @param held a column for each thing that is held constant, a nominal one as `indicators`. Columns that follow from others add nothing.
 * @returns null when a side never varies, or the others give it, or there are fewer than three readings more than columns.
 * @throws {RangeError} a value is not finite, or the lists differ in length.
 */
export function partialCorrelation(
  a: readonly number[],
  b: readonly number[],
  held: readonly (readonly number[])[],
): number | null {
  const odd = [b, ...held].find((column) => column.length !== a.length);
  if (odd) throw new RangeError(`expected columns of ${a.length} values, got one of ${odd.length}`);
  const basis = basisOf(held, a.length);
  if (a.length < basis.length + 3) return null;
  const [restA, restB] = [leftOf(finite(a, 'readings'), basis), leftOf(finite(b, 'readings'), basis)];
  return restA && restB ? correlation(Array.from(restA), Array.from(restB)) : null;
}

/**
 * Columns of 0 and 1 of a nominal variable, one for each value but the first.
 *
 * @example
 * indicators(['a', 'b', 'a', 'c']); // [[0, 1, 0, 0], [0, 0, 0, 1]]
 */
export function indicators(values: readonly string[]): number[][] {
  const levels = [...new Set(values)].slice(1);
  return levels.map((level) => values.map((value) => Number(value === level)));
}

/**
 * Share of a column's variance that others explain by least squares, R², 0–1. The column's variance inflation factor is 1 / (1 − R²).
 *
 * @returns null when the column never varies.
 * @throws {RangeError} a value is not finite.
 */
export function explainedBy(
  column: readonly number[],
  others: readonly (readonly number[])[],
): number | null {
  const mean = meanOf(finite(column, 'values'));
  if (column.every((value) => value === column[0])) return null;
  const rest = leftOf(column, basisOf(others, column.length));
  if (!rest) return 1;
  const total = sumOf(column.map((value) => (value - mean) ** 2));
  return Math.max(0, 1 - squared(rest) / total);
}

/** An orthonormal basis of a constant and the columns: Gram and Schmidt, each column twice, for what rounding leaves of the first time. */
function basisOf(columns: readonly (readonly number[])[], n: number): Float64Array[] {
  const basis = [new Float64Array(n).fill(1 / Math.sqrt(n))];
  for (const column of columns) {
    const rest = leftOf(finite(column, 'columns'), basis);
    if (!rest) continue;
    const length = Math.sqrt(squared(rest));
    basis.push(rest.map((value) => value / length));
  }
  return basis;
}

/** What is left of values when their fit on the basis is taken away; null: nothing but rounding. */
function leftOf(values: readonly number[], basis: readonly Float64Array[]): Float64Array | null {
  const rest = Float64Array.from(values);
  const before = squared(rest);
  for (let time = 0; time < 2; time++) {
    for (const direction of basis) {
      let along = 0;
      for (let i = 0; i < rest.length; i++) along += rest[i]! * direction[i]!;
      for (let i = 0; i < rest.length; i++) rest[i]! -= along * direction[i]!;
    }
  }
  return squared(rest) > ROUNDING * before ? rest : null;
}

function squared(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
}
