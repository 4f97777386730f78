import { kendall } from './correlation.js';
import { type Pair, sides } from './pairs.js';
import { meanOf } from './values.js';

/** Pairs of answers of one group whose labels differ, and how many of them the judge puts in the labels' order. */
export interface OrderedPairs {
  pairs: number;
  /** A tie of the judge counts half. */
  right: number;
}

/**
 * Counts over every two answers of a group. `group` holds the judge's score and the label of each answer to one task.
 *
 * @throws {RangeError} a reading is not finite.
 */
export function orderedPairs(group: readonly Pair[]): OrderedPairs {
  const [judge, label] = sides(group);
  let [pairs, right] = [0, 0];
  for (let i = 1; i < group.length; i++) {
    for (let j = 0; j < i; j++) {
      const order = Math.sign(label[i]! - label[j]!);
      if (order === 0) continue;
      pairs++;
      right += (1 + order * Math.sign(judge[i]! - judge[j]!)) / 2;
    }
  }
  return { pairs, right };
}

/**
 * Share of pairs of answers to one task, with different labels, that the judge puts in the same order; a tie of the judge
 * counts half. 0–1, 0.5 for a judge that does not look. It is what group-relative training learns from: a judge can be right
 * across tasks and order every group backwards. For labels of two values it is the area under the ROC curve within groups.
 *
 * @param groups of [judge's score, label], one group a task.
 * @returns null where no group has two different labels.
 * @throws {RangeError} a reading is not finite.
 */
export function pairAccuracy(groups: readonly (readonly Pair[])[]): number | null {
  let [pairs, right] = [0, 0];
  for (const group of groups) {
    const counts = orderedPairs(group);
    pairs += counts.pairs;
    right += counts.right;
  }
  return pairs === 0 ? null : right / pairs;
}

/**
 * Kendall's τ_b of one group. A judge that gives every answer one score orders nothing: 0.
 *
 * @returns null where all labels are one.
 * @throws {RangeError} a reading is not finite.
 */
export function groupTau(group: readonly Pair[]): number | null {
  const first = group[0];
  if (!first || group.every(([, label]) => label === first[1])) return null;
  return kendall(group) ?? 0;
}

/**
 * Mean of Kendall's τ_b over the groups whose labels differ at all. −1 to 1.
 *
 * @returns null where no group's labels differ.
 * @throws {RangeError} a reading is not finite.
 */
export function withinTau(groups: readonly (readonly Pair[])[]): number | null {
  const taus = groups.flatMap((group) => groupTau(group) ?? []);
  return taus.length === 0 ? null : meanOf(taus);
}

/**
 * Share of groups to whose answers the judge gives one and the same score: they have no advantage and teach nothing.
 *
 * @param groups the judge's scores, one group a task; groups of fewer than two answers are left out.
 * @returns null where no group has two answers.
 */
export function shareWithoutSpread(groups: readonly (readonly number[])[]): number | null {
  const several = groups.filter((group) => group.length > 1);
  if (several.length === 0) return null;
  return several.filter((group) => group.every((score) => score === group[0])).length / several.length;
}
