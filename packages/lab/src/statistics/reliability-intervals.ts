import type { Estimate } from '@touchstone/spec';

import { type Ratings, saidOf } from './agreement-of-many.js';
import { type Jackknife, jackknifeOfSums, scoreInterval, SIGNED, totalsOf, unseen } from './jackknife.js';
import { squaresOf, sumOf } from './values.js';

/**
 * Interval, 95 %, over tasks of `iccOneWay` of all their items, whose ratings are scores of 0–1.
 *
 * Where repeats never differ there is no error to see; the interval then goes as far down as the ICC would if the share of tasks that may be
 * unlike all that were seen (`unseen`) had repeats that are half 0 and half 1.
 *
 * @param tasks the items (answers) of each task, with their ratings (repeats).
 * @returns n is the number of tasks with an item that has two ratings; null for fewer than two, where the ICC is undefined, or hangs on one task.
 * @throws {RangeError} a rating is not finite.
 */
export function iccInterval(tasks: readonly Ratings[]): Estimate | null {
  const units = tasks
    .map((task) => saidOf(task).filter((item) => item.length > 1))
    .filter((items) => items.length > 0)
    .map(iccSums);
  const found = jackknifeOfSums(units, iccOfSums);
  if (!found) return null;
  return found.error > 1e-9 ? scoreInterval(found, SIGNED) : unanimousIcc(found, units);
}

/** Items, ratings, Σ k², Σ ratings, Σ (sum of an item)² / k, Σ squares within. */
function iccSums(items: readonly (readonly number[])[]): number[] {
  return [
    items.length,
    sumOf(items.map((item) => item.length)),
    sumOf(items.map((item) => item.length ** 2)),
    sumOf(items.map(sumOf)),
    sumOf(items.map((item) => sumOf(item) ** 2 / item.length)),
    sumOf(items.map(squaresOf)),
  ];
}

function iccOfSums(sums: readonly number[]): number | null {
  const [items, ratings, squaredCounts, sum, squares, within] = sums as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const between = squares - sum ** 2 / ratings;
  if (items < 2 || between + within < 1e-9) return null;
  const k = (ratings - squaredCounts / ratings) / (items - 1);
  const error = within / (ratings - items);
  const signal = between / (items - 1);
  return (signal - error) / (signal + (k - 1) * error);
}

function unanimousIcc({ estimate, n }: Jackknife, units: readonly (readonly number[])[]): Estimate {
  const sums = totalsOf(units);
  const share = unseen(n);
  const [items, ratings, squaredCounts] = sums as [number, number, number];
  const split = [items, ratings, squaredCounts, ratings / 2, ratings / 4, ratings / 4];
  const reached = iccOfSums(sums.map((sum, k) => (1 - share) * sum + share * split[k]!)) ?? estimate;
  return { mean: estimate, low: Math.min(estimate, reached), high: Math.max(estimate, 1), n };
}
