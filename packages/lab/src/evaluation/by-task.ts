import type { Estimate } from '@touchstone/spec';

import type { Range } from '../statistics/jackknife.js';
import { clusteredMeanInterval } from '../statistics/means.js';
import { trainingsInterval } from '../statistics/trainings.js';
import { meanOf } from '../statistics/values.js';

/** What a task is worth in one training, by task. */
export type ByTask = ReadonlyMap<string, number>;

/** The cluster of a task: those of one cluster are not independent. */
export type ClusterOf = (task: string) => string;

/** Trainings × tasks × values, the same tasks in each: one that a training has nothing of is empty there. */
export function cellsOf(trainings: readonly ByTask[]): number[][][] {
  const tasks = tasksOf(trainings);
  return trainings.map((training) => tasks.map((task) => (training.has(task) ? [training.get(task)!] : [])));
}

/** Tasks that any of the trainings has a value of. */
const tasksOf = (trainings: readonly ByTask[]): string[] => [
  ...new Set(trainings.flatMap((training) => [...training.keys()])),
];

/**
 * Mean over tasks with its interval: of one training over clusters, of several over trainings and clusters.
 *
 * @param range what a value can be.
 * @returns n is the number of clusters, or of trainings; null for fewer than two.
 */
export function meanOverTasks(
  trainings: readonly ByTask[],
  clusterOf: ClusterOf,
  range: Range,
): Estimate | null {
  if (trainings.length > 1) {
    return trainingsInterval(cellsOf(trainings), range, tasksOf(trainings).map(clusterOf));
  }
  const values = trainings[0] ?? new Map<string, number>();
  return clusteredMeanInterval([...values.values()], [...values.keys()].map(clusterOf), range);
}

/** The mean of each task over the trainings that have it. */
export function overTrainings(trainings: readonly ByTask[]): ByTask {
  if (trainings.length === 1) return trainings[0]!;
  return new Map(
    tasksOf(trainings).map((task) => [
      task,
      meanOf(trainings.flatMap((training) => training.get(task) ?? [])),
    ]),
  );
}
