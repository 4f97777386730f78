import { largest, smallest } from '@touchstone/spec';

import { finite } from './values.js';

/** One of the answers sampled for a task: what it is picked by and what the pick is worth. */
export interface Candidate {
  score: number;
  outcome: number;
}

/**
 * Mean outcome of the highest-scored of k answers, over all ways to draw k of the N at hand without replacement. With
 * `outcome` the score itself it is the expected maximum; with the held-out judge's score it says what picking by this
 * judge is really worth. Unbiased for k answers sampled afresh, unlike the maximum of one draw of k.
 *
 * In order of score, answer r of N (from 1) is the best in C(r−1, k−1) of C(N, k) draws. Answers of one score share
 * their weights: a tie is broken by chance.
 *
 * @param k from 1.
 * @returns null for fewer than k candidates.
 * @throws {RangeError} k is not a positive integer, or a score or an outcome not finite.
 */
export function bestOfK(candidates: readonly Candidate[], k: number): number | null {
  if (!Number.isInteger(k) || k < 1) throw new RangeError(`expected a positive integer k, got ${k}`);
  finite(
    candidates.map(({ score }) => score),
    'scores',
  );
  finite(
    candidates.map(({ outcome }) => outcome),
    'outcomes',
  );
  const sorted = [...candidates].sort((a, b) => b.score - a.score);
  const n = sorted.length;
  if (n < k) return null;
  let total = 0;
  let weight = k / n; // of the highest, rank r = n
  for (let start = 0, end = 0; start < n; start = end) {
    let weights = 0;
    let outcomes = 0;
    while (end < n && sorted[end]!.score === sorted[start]!.score) {
      weights += weight;
      outcomes += sorted[end]!.outcome;
      const rank = n - end;
      weight *= (rank - k) / (rank - 1 || 1); // C(r−2, k−1) / C(r−1, k−1); 0 from rank k down
      end++;
    }
    total += (weights * outcomes) / (end - start);
  }
  // Weights that sum to 1 but for rounding: a mean is never above the highest of what it is of.
  const outcomes = sorted.map(({ outcome }) => outcome);
  return Math.max(smallest(outcomes), Math.min(largest(outcomes), total));
}
