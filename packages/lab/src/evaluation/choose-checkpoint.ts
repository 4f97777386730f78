import type { Estimate } from '@touchstone/spec';

import { type Jackknife, jackknifeOfSums, SIGNED } from '../statistics/jackknife.js';
import { groupBy, meanOf, sumOf } from '../statistics/values.js';
import { type ByTask, type ClusterOf, meanOverTasks } from './by-task.js';

/** A checkpoint with the score of its answer to each task, 0–1, by the task's id; a task without a verdict is not among them. */
export interface ScoredCheckpoint {
  step: number;
  scores: ReadonlyMap<string, number>;
}

/** The checkpoint that the scores speak for. */
export interface CheckpointChoice {
  step: number;
  /** The step whose mean score is the highest, the number of steps that have a score, and the number of all. */
  highest: number;
  of: number;
  checkpoints: number;
  /**
   * `last`: it is not shown to be worse than the highest. `not-compared`: the last again, which has fewer than two tasks (or clusters) with a score in common
   * with the highest. `neighbours`: the last is worse, and of those that are not, this one has the best neighbours.
   */
  because: 'last' | 'not-compared' | 'neighbours';
  /** Mean score of the highest less that of the last one, paired by task; null where they are one, or cannot be compared. */
  difference: Estimate | null;
}

/** Checkpoints by their mean score, the best first; of equals the earlier first. One without any score is left out. */
export function rankCheckpoints<C extends ScoredCheckpoint>(checkpoints: readonly C[]): C[] {
  const means = new Map(checkpoints.map((one) => [one, meanOf([...one.scores.values()])]));
  return checkpoints
    .filter(({ scores }) => scores.size > 0)
    .sort((a, b) => means.get(b)! - means.get(a)! || a.step - b.step);
}

/**
 * Of checkpoints that answered the same tasks, the one to keep: the last, unless it is worse than the one with the highest mean by more than the
 * standard error of that difference, paired by task (the one-standard-error rule, Breiman et al. 1984, 3.4.3, held by what was asked for: the last
 * step). A last one that has no score, or none of the same tasks, is not shown to be worse. Then, of those that are not worse by so much, the one that has the best mean together with the checkpoints before and after it. The
 * highest of noisy means is partly the luckiest (the optimizer's curse, Smith and Winkler 2006); luck does not reach its neighbours.
 * `npm run bench:checkpoints` compares this rule with others on trainings whose truth is known.
 *
 * @param kept how many with the highest means can be had still; the last one can in any case.
 * @param clusterOf what tasks that are not independent have in common; default: each is by itself.
 * @returns null where none has a score.
 */
export function chooseCheckpoint(
  checkpoints: readonly ScoredCheckpoint[],
  kept: number,
  clusterOf: ClusterOf = (task) => task,
): CheckpointChoice | null {
  const ranked = rankCheckpoints(checkpoints);
  const [highest] = ranked;
  if (!highest) return null;
  const last = checkpoints.toSorted((a, b) => a.step - b.step).at(-1)!;
  const found = {
    highest: highest.step,
    of: ranked.length,
    checkpoints: checkpoints.length,
    difference: last === highest ? null : meanOverTasks([differences(highest, last)], clusterOf, SIGNED),
  };
  const standing = standingOf(last, highest, clusterOf);
  if (standing === 'unknown') return { ...found, step: last.step, because: 'not-compared' };
  if (standing === 'as good') return { ...found, step: last.step, because: 'last' };
  const inOrder = ranked.toSorted((a, b) => a.step - b.step);
  const [calm] = byNeighbours(
    inOrder,
    ranked.slice(0, kept).filter((one) => standingOf(one, highest, clusterOf) === 'as good'),
  );
  return { ...found, step: calm!.step, because: 'neighbours' };
}

/** Some of the checkpoints by the mean of their own score and those of the checkpoints before and after, the best first; of equals the earlier first. */
function byNeighbours(
  inOrder: readonly ScoredCheckpoint[],
  some: readonly ScoredCheckpoint[],
): ScoredCheckpoint[] {
  const means = inOrder.map(({ scores }) => meanOf([...scores.values()]));
  const around = new Map(inOrder.map((one, i) => [one, meanOf(means.slice(Math.max(0, i - 1), i + 2))]));
  return some.toSorted((a, b) => around.get(b)! - around.get(a)! || a.step - b.step);
}

/** Whether a checkpoint is below the highest by more than the standard error of the difference; unknown where fewer than two tasks (or clusters) say so. */
function standingOf(
  one: ScoredCheckpoint,
  highest: ScoredCheckpoint,
  clusterOf: ClusterOf,
): 'as good' | 'worse' | 'unknown' {
  if (one === highest) return 'as good';
  const found = clusteredMean(differences(highest, one), clusterOf);
  if (!found) return 'unknown';
  // A difference in a single task is its own error: rounding must not decide.
  return found.estimate > found.error * (1 + 1e-9) ? 'worse' : 'as good';
}

/** Of the tasks that both have, by how much the one scores higher. */
const differences = (a: ScoredCheckpoint, b: ScoredCheckpoint): ByTask =>
  new Map(
    [...a.scores].flatMap(([task, score]): [string, number][] =>
      b.scores.has(task) ? [[task, score - b.scores.get(task)!]] : [],
    ),
  );

function clusteredMean(values: ByTask, clusterOf: ClusterOf): Jackknife | null {
  const units = groupBy([...values.values()], [...values.keys()].map(clusterOf));
  return jackknifeOfSums(
    units.map((unit) => [sumOf(unit), unit.length]),
    ([sum, count]) => sum! / count!,
  );
}
