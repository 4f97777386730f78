import type { Estimate } from '@touchstone/spec';

import { weightedKappa } from '../../statistics/agreement.js';
import { kappaDifferenceInterval, kappaInterval } from '../../statistics/intervals.js';
import { type ClusterWeights, weightsOf } from '../../statistics/means.js';
import type { Pair } from '../../statistics/pairs.js';
import { groupBy } from '../../statistics/values.js';
import type { Reading } from '../ratings.js';

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
  const lists = groupBy(
    pairs.map(({ pair }) => pair),
    pairs.map(({ criterion }) => criterion),
  );
  return weightedKappa(...lists);
}

/** κ over all criteria together; the interval is over tasks. @param weights what each task stands for. */
export function pooledKappaInterval(pairs: readonly KappaPair[], weights?: ClusterWeights): Estimate | null {
  return kappaInterval(
    byTask([pairs]).map(([lists]) => lists!),
    weightsOf(
      pairs.map(({ task }) => task),
      weights,
    ),
  );
}

/**
 * κ of judge and labels over all criteria together; the interval is over tasks. Null where each criterion has one label only: any judge would
 * have 0, which says nothing of this one.
 */
export function labelKappaInterval(readings: readonly Reading[], weights?: ClusterWeights): Estimate | null {
  if (areAllAlike(readings)) return null;
  return pooledKappaInterval(
    readings.map(({ task, criterion, score, labelScore }) => ({
      task,
      criterion,
      pair: [score, labelScore],
    })),
    weights,
  );
}

/** Whether each criterion has one label only. */
export function areAllAlike(readings: readonly Reading[]): boolean {
  const one = new Map(readings.map(({ criterion, labelScore }) => [criterion, labelScore]));
  return readings.every(({ criterion, labelScore }) => labelScore === one.get(criterion));
}

/** κ of the first pairs less κ of the second; the interval is over the tasks of both. */
export function kappaDifference(first: readonly KappaPair[], second: readonly KappaPair[]): Estimate | null {
  return kappaDifferenceInterval(byTask([first, second]).map(([a, b]) => [a!, b!] as const));
}

/** What each task has of each set of pairs: [task][set][criterion][pair]. */
function byTask(sets: readonly (readonly KappaPair[])[]): Pair[][][][] {
  const criteria = [...new Set(sets.flatMap((pairs) => pairs.map(({ criterion }) => criterion)))];
  const units = new Map<string, Pair[][][]>();
  sets.forEach((pairs, set) => {
    for (const { task, criterion, pair } of pairs) {
      let unit = units.get(task);
      if (!unit) units.set(task, (unit = sets.map(() => criteria.map(() => []))));
      unit[set]![criteria.indexOf(criterion)]!.push(pair);
    }
  });
  return [...units.values()];
}
