import type { Estimate } from '@touchstone/spec';

import { weightedKappa } from '../../statistics/agreement.js';
import { kappaInterval } from '../../statistics/intervals.js';
import { intervalOf, UNBOUNDED } from '../../statistics/jackknife.js';
import type { Pair } from '../../statistics/pairs.js';

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
export function pooledKappa(pairs: readonly KappaPair[]): number | null {
  return kappaOf(byTask([pairs]), 0);
}

/** κ over all criteria together; the interval is over tasks. */
export function pooledKappaInterval(pairs: readonly KappaPair[]): Estimate | null {
  return kappaInterval(byTask([pairs]).map(([lists]) => lists!));
}

/** κ of the first pairs less κ of the second; the interval is over the tasks of both. */
export function kappaDifference(first: readonly KappaPair[], second: readonly KappaPair[]): Estimate | null {
  return intervalOf(
    byTask([first, second]),
    (tasks) => {
      const [a, b] = [kappaOf(tasks, 0), kappaOf(tasks, 1)];
      return a === null || b === null ? null : a - b;
    },
    UNBOUNDED,
  );
}

/** What a task has of each set of pairs: [set][criterion][pair]. */
type Unit = Pair[][][];

function byTask(sets: readonly (readonly KappaPair[])[]): Unit[] {
  const criteria = [...new Set(sets.flatMap((pairs) => pairs.map(({ criterion }) => criterion)))];
  const units = new Map<string, Unit>();
  sets.forEach((pairs, set) => {
    for (const { task, criterion, pair } of pairs) {
      let unit = units.get(task);
      if (!unit) units.set(task, (unit = sets.map(() => criteria.map(() => []))));
      unit[set]![criteria.indexOf(criterion)]!.push(pair);
    }
  });
  return [...units.values()];
}

/** With a loop, because it runs once for each task and flatMap is much slower. */
function kappaOf(tasks: readonly Unit[], set: number): number | null {
  const criteria = tasks[0]?.[set]?.length ?? 0;
  const lists = Array.from({ length: criteria }, (): Pair[] => []);
  for (const task of tasks) {
    for (let i = 0; i < criteria; i++) for (const pair of task[set]![i]!) lists[i]!.push(pair);
  }
  return weightedKappa(...lists);
}
