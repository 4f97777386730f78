import type { AbstentionPolicy } from '@touchstone/spec';
import type { Outcome } from './outcome.js';

/** The article's score for what could not be judged, on 0–1. */
export const NEUTRAL = 0.5;

/**
 * A number of 0–1 for every outcome, for wires that must carry one: the score, or what stands in for it. Under
 * `group-mean` that is the mean score of the others of the same group, as far as they are known here; where there is
 * none, and under every other policy, it is the neutral 0.5.
 *
 * @param groups the group of each outcome.
 */
export function numbersFor(
  outcomes: readonly Outcome[],
  groups: readonly string[],
  policy: AbstentionPolicy,
): number[] {
  const known = new Map<string, { sum: number; n: number }>();
  outcomes.forEach((outcome, i) => {
    if (outcome.status !== 'scored') return;
    const { sum, n } = known.get(groups[i]!) ?? { sum: 0, n: 0 };
    known.set(groups[i]!, { sum: sum + outcome.score, n: n + 1 });
  });
  return outcomes.map((outcome, i) => {
    if (outcome.status === 'scored') return outcome.score;
    if (policy !== 'group-mean') return NEUTRAL;
    const here = known.get(groups[i]!);
    return outcome.gathered?.mean ?? (here === undefined ? NEUTRAL : here.sum / here.n);
  });
}
