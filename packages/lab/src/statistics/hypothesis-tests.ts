import { betaCdf } from './distributions.js';
import { finite, sumOf } from './values.js';

/**
 * Two-sided exact binomial test that successes and failures are equally likely: the chance of a count at least as far from n / 2.
 *
 * @returns the p value; 1 for n = 0.
 * @throws {RangeError} the counts are not integers from 0, or successes are more than n.
 */
export function binomialTest(successes: number, n: number): number {
  if (!Number.isInteger(successes) || !Number.isInteger(n) || successes < 0 || successes > n) {
    throw new RangeError(`expected 0 to ${n} successes, got ${successes}`);
  }
  const few = Math.min(successes, n - successes);
  // P(X ≤ few) is the regularised incomplete beta function I½(n − few, few + 1).
  return 2 * few >= n - 1 ? 1 : Math.min(1, 2 * betaCdf(0.5, n - few, few + 1));
}

/** One-sided exact binomial test: the chance of so many successes or more in n trials where each succeeds with `probability`. */
export function exceedance(successes: number, n: number, probability: number): number {
  return successes === 0 ? 1 : betaCdf(probability, successes, n - successes + 1);
}

/**
 * Fisher's exact test (1935) that two things which either are or are not have nothing to do with each other: twice the smaller tail of the
 * hypergeometric distribution of how often they are together.
 *
 * @param first @param second of the same cases.
 * @returns the p value; 1 where one of them is always or never.
 * @throws {RangeError} the lists differ in length.
 */
export function fisherExact(first: readonly boolean[], second: readonly boolean[]): number {
  const n = first.length;
  if (second.length !== n)
    throw new RangeError(`expected lists of one length, got ${n} and ${second.length}`);
  const count = (list: readonly boolean[]): number => list.filter(Boolean).length;
  const [a, b, both] = [count(first), count(second), count(first.map((one, i) => one && second[i]!))];
  const logs = [0];
  for (let i = 1; i <= n; i++) logs.push(logs[i - 1]! + Math.log(i));
  const choose = (of: number, k: number): number => logs[of]! - logs[k]! - logs[of - k]!;
  const least = Math.max(0, a + b - n);
  const chances = Array.from({ length: Math.min(a, b) - least + 1 }, (_, i) =>
    Math.exp(choose(a, least + i) + choose(n - a, b - least - i) - choose(n, b)),
  );
  const at = both - least;
  return Math.min(1, 2 * Math.min(sumOf(chances.slice(0, at + 1)), sumOf(chances.slice(at))));
}

/** How two versions of a judge did on the same cases. */
export interface Mcnemar {
  n: number;
  /** Cases that only the second got right. */
  gained: number;
  /** Cases that only the first got right. */
  lost: number;
  /** (gained − lost) / n. */
  difference: number;
  /** Two-sided, exact. A large one does not show that nothing was lost: see `nonInferior`. */
  p: number;
}

/**
 * Exact McNemar test (1947) on paired outcomes: the binomial test on the cases in which they differ.
 *
 * @param pairs of [first right, second right].
 * @returns null for no pairs.
 */
export function mcnemar(pairs: readonly (readonly [boolean, boolean])[]): Mcnemar | null {
  const n = pairs.length;
  if (n === 0) return null;
  const gained = pairs.filter(([first, second]) => !first && second).length;
  const lost = pairs.filter(([first, second]) => first && !second).length;
  return { n, gained, lost, difference: (gained - lost) / n, p: binomialTest(gained, gained + lost) };
}

/**
 * Adjusted p values that keep the chance of any false rejection at the level they are compared with (Holm 1979).
 *
 * @throws {RangeError} a p value is outside 0–1.
 */
export function holm(pValues: readonly number[]): number[] {
  const m = pValues.length;
  return stepwise(pValues, 1, (p, rank) => (m - rank + 1) * p);
}

/**
 * Adjusted p values that keep the expected share of false ones among the rejections at the level they are compared with, however the
 * tests depend on each other (Benjamini and Yekutieli 2001).
 *
 * @throws {RangeError} a p value is outside 0–1.
 */
export function benjaminiYekutieli(pValues: readonly number[]): number[] {
  const m = pValues.length;
  const harmonic = sumOf(pValues.map((_, i) => 1 / (i + 1)));
  return stepwise(pValues, -1, (p, rank) => (m * harmonic * p) / rank);
}

/** Each p value by its rank (from 1, the smallest), made monotone from the smallest up (direction 1) or the largest down (−1). */
function stepwise(
  pValues: readonly number[],
  direction: 1 | -1,
  adjust: (p: number, rank: number) => number,
): number[] {
  const odd = finite(pValues, 'p values').find((p) => p < 0 || p > 1);
  if (odd !== undefined) throw new RangeError(`expected p values of 0 to 1, got ${odd}`);
  const order = pValues.map((_, i) => i).sort((i, j) => direction * (pValues[i]! - pValues[j]!));
  const out = pValues.map(() => 0);
  let running = direction === 1 ? 0 : 1;
  order.forEach((i, place) => {
    const adjusted = Math.min(1, adjust(pValues[i]!, direction === 1 ? place + 1 : pValues.length - place));
    running = direction === 1 ? Math.max(running, adjusted) : Math.min(running, adjusted);
    out[i] = running;
  });
  return out;
}
