import { random } from '@touchstone/spec';

import type { DrawnTask } from './draw.js';

/** Tasks that everybody labels first, so that it is soon known how far people agree. */
const SHARED_TASKS = 20;

/**
 * The answers of a sample in the order in which one person is shown them. First come tasks that everybody labels, of those that were
 * drawn at random, then the others, those first that fewest people have labelled. Both parts are in an order of the person's own, and answers to one
 * task stand together, because a long task need be read only once.
 *
 * @param timesLabelled by how many others an answer is labelled.
 * @returns keys of answers.
 */
export function queueOf(
  tasks: readonly DrawnTask[],
  { rater, seed, timesLabelled }: { rater: string; seed: number; timesLabelled: (key: string) => number },
): string[] {
  const { shuffle } = random(seed, 'label', 'rater', rater);
  const shared = tasks.filter((task) => task.random).slice(0, SHARED_TASKS);
  const times = (task: DrawnTask): number =>
    task.answers.reduce((sum, key) => sum + timesLabelled(key), 0) / task.answers.length;
  const others = shuffle(tasks.filter((task) => !shared.includes(task))).sort((a, b) => times(a) - times(b));
  return [...shuffle(shared), ...others].flatMap(({ answers }) => shuffle(answers));
}
