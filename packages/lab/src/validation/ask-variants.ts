import { isBlank, type LabelledAnswer } from '@touchstone/core';
import { random } from '@touchstone/spec';

import { groupBy } from '../statistics/values.js';
import type { Asker } from './ask.js';
import type { Opinion } from './readings.js';

/**
 * The labelled answers that a judge is asked about in another way, by their places: one of each of some tasks, since an
 * interval is over tasks and a second one of a task adds little to it; for a judge that compares all of the task's. Of a blank
 * answer, and of one that there is nothing to compare with, a judge is not asked.
 */
export function drawAnswers(
  labelled: readonly LabelledAnswer[],
  { tasks, compares, seed }: { tasks: number; compares: boolean; seed: number },
): number[] {
  const all = labelled.map((_, place) => place);
  const isAsked = (place: number): boolean => !isBlank(labelled[place]!.response);
  const groups = groupBy(
    all,
    labelled.map(({ task }) => task.id),
  ).filter((group) => group.filter(isAsked).length >= (compares ? 2 : 1));
  const { shuffle, pick } = random(seed, 'variants');
  return shuffle(groups)
    .slice(0, tasks)
    .flatMap((group) => (compares ? group : [pick(group.filter(isAsked))]));
}

/** One opinion for each of the answers at these places, by place. */
export async function askAbout(
  places: readonly number[],
  labelled: readonly LabelledAnswer[],
  asker: Asker,
): Promise<Map<number, Opinion>> {
  const opinions = await asker.judgeAll(places.map((place) => labelled[place]!));
  return new Map(places.map((place, i) => [place, opinions[i]!]));
}
