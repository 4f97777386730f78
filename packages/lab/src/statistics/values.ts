/**
 * The values, when every one is a finite number: NaN would make a sort, and with it a rank, meaningless, and an infinite
 * value has no mean.
 *
 * @param what names them in the error.
 * @throws {RangeError} one is not, and which.
 */
export function finite(values: readonly number[], what: string): readonly number[] {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw new RangeError(`expected finite ${what}, got ${values[i]} (number ${i + 1} of ${values.length})`);
    }
  }
  return values;
}

export function sumOf(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/** NaN for no values. */
export function meanOf(values: readonly number[]): number {
  return sumOf(values) / values.length;
}

/** Sum of squared deviations from the mean, in two passes: one pass loses all digits of values far from 0. */
export function squaresOf(values: readonly number[]): number {
  const mean = meanOf(values);
  let sum = 0;
  for (const value of values) sum += (value - mean) ** 2;
  return sum;
}

/** Values by cluster, clusters in the order they first occur. */
export function groupBy<T>(values: readonly T[], clusters: readonly string[]): T[][] {
  if (values.length !== clusters.length) {
    throw new RangeError(`expected a cluster for each value, got ${clusters.length} for ${values.length}`);
  }
  const groups = new Map<string, T[]>();
  values.forEach((value, i) => {
    const group = groups.get(clusters[i]!);
    if (group) group.push(value);
    else groups.set(clusters[i]!, [value]);
  });
  return [...groups.values()];
}

/** Ranks from 1, ties sharing the mean of the ranks they take up. */
export function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((i, j) => values[i]! - values[j]!);
  const out = values.map(() => 0);
  for (let start = 0, end = 0; start < order.length; start = end) {
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let i = start; i < end; i++) out[order[i]!] = (start + 1 + end) / 2;
  }
  return out;
}

/** Quantile of sorted values, linear between neighbours (Hyndman and Fan 1996, type 7). */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const position = (sorted.length - 1) * q;
  const below = sorted[Math.floor(position)]!;
  return below + (sorted[Math.ceil(position)]! - below) * (position % 1);
}
