import type { Estimate } from '@touchstone/spec';

import { weightedKappa } from '../../statistics/agreement.js';
import { bootstrapInterval } from '../../statistics/bootstrap.js';
import type { Pair } from '../../statistics/pairs.js';
import { groupBy } from '../../statistics/values.js';

/** κ from which agreement is called more than fair (Landis and Koch 1977): what is asked of a judge, and what labels must hold to themselves. */
export const LEAST_KAPPA = 0.4;

/** Two readings, 0–1, of one thing. */
export interface KappaPair {
  task: string;
  /** Chance agreement is taken inside each criterion. */
  criterion: string;
  pair: Pair;
}

/** κ over all criteria together, without an interval; null where it is undefined. */
export function kappaOf(pairs: readonly KappaPair[]): number | null {
  const lists = groupBy(
    pairs,
    pairs.map(({ criterion }) => criterion),
  );
  return weightedKappa(...lists.map((list) => list.map(({ pair }) => pair)));
}

/** κ over all criteria together; the interval is over tasks. */
export function kappaInterval(pairs: readonly KappaPair[], seed: number): Estimate | null {
  const { units, criteria } = byTask([pairs]);
  return bootstrapInterval(units, (sample) => kappaOfLists(sample, 0, criteria), seed);
}

/** κ of the first pairs less κ of the second, on the same resamples of tasks; tasks that only one of the two has count too. */
export function kappaDifference(
  first: readonly KappaPair[],
  second: readonly KappaPair[],
  seed: number,
): Estimate | null {
  const { units, criteria } = byTask([first, second]);
  return bootstrapInterval(
    units,
    (sample) => {
      const [a, b] = [kappaOfLists(sample, 0, criteria), kappaOfLists(sample, 1, criteria)];
      return a === null || b === null ? null : a - b;
    },
    seed,
  );
}

/** What a task has of each set of pairs: [set][criterion][pair]. */
type Unit = Pair[][][];

function byTask(sets: readonly (readonly KappaPair[])[]): { units: Unit[]; criteria: number } {
  const criteria = new Map<string, number>();
  const units = new Map<string, Unit>();
  sets.forEach((pairs, set) => {
    for (const { task, criterion, pair } of pairs) {
      if (!criteria.has(criterion)) criteria.set(criterion, criteria.size);
      let unit = units.get(task);
      if (!unit) units.set(task, (unit = sets.map(() => [])));
      (unit[set]![criteria.get(criterion)!] ??= []).push(pair);
    }
  });
  return { units: [...units.values()], criteria: criteria.size };
}

/** With loops, because this runs for each of thousands of resamples and flatMap is much slower. */
function kappaOfLists(sample: readonly Unit[], set: number, criteria: number): number | null {
  const lists: Pair[][] = [];
  for (let criterion = 0; criterion < criteria; criterion++) {
    const list: Pair[] = [];
    for (const unit of sample) for (const pair of unit[set]![criterion] ?? []) list.push(pair);
    lists.push(list);
  }
  return weightedKappa(...lists);
}
