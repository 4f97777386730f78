import type { Estimate } from '@touchstone/spec';

import { jackknifeOfSums, type Range, scoreInterval, SIGNED, totalsOf } from './jackknife.js';
import { groupBy } from './values.js';

/**
 * Interval, 95 %, of the mean over several trainings (seeds) that were evaluated on the same tasks, each with several answers: what another
 * seed and other tasks would give. The errors over trainings and over tasks add up in squares, which counts the answers' own noise twice, and
 * have Satterthwaite's degrees of freedom (1946): few seeds that differ cost what they should.
 *
 * @param trainings trainings × tasks × answers: scores, or differences of scores (−1 to 1); the same tasks in the same order in each. A task
 *   without answers in a training is left out of that one.
 * @param range what a value can be; an interval never leaves it.
 * @param clusters the cluster of each task; default: each is by itself.
 * @returns n is the number of trainings; null for fewer than two, or fewer than two clusters.
 * @throws {RangeError} the trainings have different numbers of tasks.
 */
export function trainingsInterval(
  trainings: readonly (readonly (readonly number[])[])[],
  range: Range = SIGNED,
  clusters?: readonly string[],
): Estimate | null {
  const tasks = trainings[0]?.length ?? 0;
  const odd = trainings.find((training) => training.length !== tasks);
  if (odd) throw new RangeError(`expected ${tasks} tasks in each training, got ${odd.length}`);
  // A task counts once, however many answers it has.
  const cells = trainings.map((training) =>
    training.map((answers) =>
      answers.length === 0 ? [0, 0] : [answers.reduce((a, b) => a + b, 0) / answers.length, 1],
    ),
  );
  const mean = ([value, count]: readonly number[]): number | null => (count! > 0 ? value! / count! : null);
  const bySeed = jackknifeOfSums(cells.map(totalsOf), mean);
  const ofTasks = Array.from({ length: tasks }, (_, task) =>
    totalsOf(cells.map((training) => training[task]!)),
  );
  const byTask = jackknifeOfSums(clusters ? groupBy(ofTasks, clusters).map(totalsOf) : ofTasks, mean);
  if (!bySeed || !byTask) return null;
  const [a, b] = [bySeed.error ** 2, byTask.error ** 2];
  const freedom =
    a + b > 0 ? (a + b) ** 2 / (a ** 2 / (bySeed.n - 1) + b ** 2 / (byTask.n - 1)) : bySeed.n - 1;
  return scoreInterval({ ...bySeed, error: Math.sqrt(a + b), freedom }, range);
}
