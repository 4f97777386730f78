import { pearson } from './correlation.js';
import { meanOf } from './values.js';

/**
 * Mean correlation of the errors of every two judges (Pearson's of the 0/1 errors, which is φ). 1: they err on the same items,
 * so a second one adds nothing; 0: independently.
 *
 * @param errors items × judges: whether the judge was wrong; null where it said nothing.
 * @returns null where no two judges both erred on some of their common items and not on others.
 */
export function errorCorrelation(errors: readonly (readonly (boolean | null)[])[]): number | null {
  const judges = Math.max(0, ...errors.map((item) => item.length));
  const correlations: number[] = [];
  for (let a = 1; a < judges; a++) {
    for (let b = 0; b < a; b++) {
      const both = errors.flatMap((item): (readonly [number, number])[] =>
        item[a] == null || item[b] == null ? [] : [[Number(item[a]), Number(item[b])]],
      );
      const correlation = pearson(both);
      if (correlation !== null) correlations.push(correlation);
    }
  }
  return correlations.length === 0 ? null : meanOf(correlations);
}

/**
 * How many independent judges k judges with correlated errors are worth: k / (1 + (k − 1) r) (Kish's design effect). 1 to k: a
 * correlation below 0 counts as 0.
 */
export function effectiveJudges(k: number, correlation: number): number {
  return k / (1 + (k - 1) * Math.max(0, correlation));
}
