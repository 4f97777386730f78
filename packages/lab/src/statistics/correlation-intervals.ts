import type { Estimate } from '@touchstone/spec';

import { correlation, tauOfCounts } from './correlation.js';
import { fromReplicates, scoreInterval, SIGNED } from './jackknife.js';
import { type Pair, sides } from './pairs.js';
import { ranks } from './values.js';

/**
 * Interval, 95 %, over tasks of `spearman` of all their pairs.
 *
 * @returns n is the number of tasks with a pair; null for fewer than two, and where a side never varies, in all or without one task.
 * @throws {RangeError} a reading is not finite.
 */
export function spearmanInterval(tasks: readonly (readonly Pair[])[]): Estimate | null {
  const { a, b, unitOf, units } = unitsOf(tasks);
  const estimate = correlation(ranks(a), ranks(b));
  if (units < 2 || estimate === null) return null;
  // Sorted once: without a unit the order of the rest stays.
  const [ranksA, ranksB] = [ranksWithout(a, unitOf), ranksWithout(b, unitOf)];
  const found = fromReplicates(
    estimate,
    Array.from({ length: units }, (_, unit) => correlation(ranksA(unit), ranksB(unit))),
  );
  return found && scoreInterval(found, SIGNED);
}

/** All readings by side, with the place of each one's task among the tasks that have any. */
function unitsOf(tasks: readonly (readonly Pair[])[]) {
  const units = tasks.filter((pairs) => pairs.length > 0);
  const [a, b] = sides(units.flat());
  return { a, b, unitOf: units.flatMap((pairs, unit) => pairs.map(() => unit)), units: units.length };
}

/** Mid-ranks of the values that do not belong to a unit, in their order: sorted once, however many units are left out in turn. */
export function ranksWithout(
  values: readonly number[],
  unitOf: readonly number[],
): (unit: number) => number[] {
  const order = values.map((_, i) => i).sort((i, j) => values[i]! - values[j]!);
  const place = new Float64Array(values.length);
  return (unit) => {
    let below = 0;
    for (let start = 0, end = 0; start < order.length; start = end) {
      let tied = 0;
      while (end < order.length && values[order[end]!] === values[order[start]!]) {
        if (unitOf[order[end]!] !== unit) tied++;
        end++;
      }
      for (let i = start; i < end; i++) place[order[i]!] = below + (tied + 1) / 2;
      below += tied;
    }
    return Array.from(place).filter((_, i) => unitOf[i] !== unit);
  };
}

/**
 * Interval, 95 %, over tasks of `kendall` (τ_b) of all their pairs. Compares every two readings once.
 *
 * @returns n is the number of tasks with a pair; null as for `spearmanInterval`.
 * @throws {RangeError} a reading is not finite.
 */
export function kendallInterval(tasks: readonly (readonly Pair[])[]): Estimate | null {
  const { a, b, unitOf, units } = unitsOf(tasks);
  // [order in common, untied on one side, untied on the other]: in all, and of what involves each unit.
  const all = new Float64Array(3);
  const of = Array.from({ length: units }, () => new Float64Array(3));
  for (let i = 1; i < a.length; i++) {
    for (let j = 0; j < i; j++) {
      const [orderA, orderB] = [Math.sign(a[i]! - a[j]!), Math.sign(b[i]! - b[j]!)];
      const counts =
        unitOf[i] === unitOf[j] ? [all, of[unitOf[i]!]!] : [all, of[unitOf[i]!]!, of[unitOf[j]!]!];
      for (const count of counts) {
        count[0]! += orderA * orderB;
        count[1]! += Math.abs(orderA);
        count[2]! += Math.abs(orderB);
      }
    }
  }
  const estimate = tauOfCounts(all);
  if (units < 2 || estimate === null) return null;
  const found = fromReplicates(
    estimate,
    of.map((count) => tauOfCounts(all.map((total, k) => total - count[k]!))),
  );
  return found && scoreInterval(found, SIGNED);
}
