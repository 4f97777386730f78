import { isBlank } from '../text/answer.js';
import type { JudgedRollout } from './judge.js';

/** The answers of a group that there is something to say about: each text once, blank ones left out. */
export interface DistinctAnswers {
  /** One rollout for each text, in order. */
  answers_D: JudgedRollout[];
  /** For each rollout of the group the place of its text in `answers_D`; −1 where it is blank. */
  places_G: number[];
}

/** Finds equal and blank answers: to compare an answer with its copy, or with nothing, no model is needed. */
export function distinctAnswers(rollouts_G: readonly JudgedRollout[]): DistinctAnswers {
  const answers_D: JudgedRollout[] = [];
  const places = new Map<string, number>();
  const places_G = rollouts_G.map((rollout) => {
    const { response } = rollout;
    if (isBlank(response)) return -1;
    if (!places.has(response)) {
      places.set(response, answers_D.length);
      answers_D.push(rollout);
    }
    return places.get(response)!;
  });
  return { answers_D, places_G };
}
