import type { AnswerScore } from '@touchstone/core';
import type { Verdict } from '@touchstone/spec';

import type { Evidence } from './evidence.js';
import type { Opinion } from './readings.js';

/** The judge's budget was used up by then: nobody asked it, so this says nothing of it. A part of an answer is not the answer. */
export const isUnasked = ({ verdicts }: Pick<Opinion, 'verdicts'>): boolean => verdicts.some(isOverBudget);

const isOverBudget = (one: Verdict | AnswerScore): boolean =>
  one.status === 'abstained' && one.reason === 'budget';

/**
 * The evidence with what was asked alone: opinions that the budget had no money for are gone, as if their turn had not come.
 *
 * @param unasked how many there are, for people; undefined: there are none.
 */
export function withoutUnasked(evidence: Evidence, unasked: string | undefined): Evidence {
  if (unasked === undefined) return evidence;
  const { answers, cases, probes, variants } = evidence;
  return {
    ...evidence,
    unasked,
    answers: answers.map((one) => ({ ...one, repeats: one.repeats.filter((said) => !isUnasked(said)) })),
    cases: cases.map((one) => ({ ...one, repeats: one.repeats.filter((said) => !said.some(isUnasked)) })),
    probes: probes.filter(({ plain, probed }) => ![plain, probed].some(isOverBudget)),
    variants: variants.map((one) => ({
      ...one,
      said: new Map([...one.said].filter(([, said]) => !isUnasked(said))),
    })),
  };
}

/** Whether the budget was used up before all of this was asked. */
export function lacksOpinions({ answers, cases, probes, variants }: Evidence): boolean {
  return (
    answers.some(({ repeats }) => repeats.some(isUnasked)) ||
    cases.some(({ repeats }) => repeats.flat().some(isUnasked)) ||
    probes.some(({ plain, probed }) => [plain, probed].some(isOverBudget)) ||
    variants.some(({ said }) => [...said.values()].some(isUnasked))
  );
}
