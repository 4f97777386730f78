import type { Estimate } from '@touchstone/spec';

import { correlation, kendall, spearman } from './correlation.js';
import { fromReplicates, scoreInterval, SIGNED } from './jackknife.js';
import { type Pair, sides } from './pairs.js';

/**
 * Interval, 95 %, over tasks of `spearman` of all their pairs.
 *
 * @returns n is the number of tasks with a pair; null for fewer than two, and where a side never varies, in all or without one task.
 * @throws {RangeError} a reading is not finite.
 */
export function spearmanInterval(tasks: readonly (readonly Pair[])[]): Estimate | null {
  const units = tasks.filter((pairs) => pairs.length > 0);
  const estimate = units.length < 2 ? null : spearman(units.flat());
  if (estimate === null) return null;
  const [a, b] = sides(units.flat());
  const unitOf = units.flatMap((pairs, unit) => pairs.map(() => unit));
  // Sorted once: without a unit the order of the rest stays.
  const [ranksA, ranksB] = [ranksWithout(a, unitOf), ranksWithout(b, unitOf)];
  const found = fromReplicates(
    estimate,
    units.map((_, unit) => correlation(ranksA(unit), ranksB(unit))),
  );
  return found && scoreInterval(found, SIGNED);
}

/** Mid-ranks of the values that do not belong to a unit, in their order. */
function ranksWithout(values: readonly number[], unitOf: readonly number[]): (unit: number) => number[] {
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
  const units = tasks.filter((pairs) => pairs.length > 0);
  const estimate = units.length < 2 ? null : kendall(units.flat());
  if (estimate === null) return null;
  const [a, b] = sides(units.flat());
  const unitOf = units.flatMap((pairs, unit) => pairs.map(() => unit));
  // [order in common, untied on one side, untied on the other]: in all, and of what involves each unit.
  const all = new Float64Array(3);
  const of = units.map(() => new Float64Array(3));
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
  const found = fromReplicates(
    estimate,
    of.map((count) => {
      const [same, untiedA, untiedB] = [0, 1, 2].map((k) => all[k]! - count[k]!) as [number, number, number];
      return untiedA === 0 || untiedB === 0 ? null : same / Math.sqrt(untiedA) / Math.sqrt(untiedB);
    }),
  );
  return found && scoreInterval(found, SIGNED);
}
