import type { RegressionCase } from '@touchstone/core';
import type { Rollout } from '@touchstone/spec';

import type { Asker } from '../validation/ask.js';
import type { JudgedCase } from '../validation/evidence.js';

/** How many answers are judged when each case is judged `repeats` times. */
export const sizeOf = (cases: readonly RegressionCase[], repeats: number): number =>
  repeats * cases.reduce((sum, { responses }) => sum + responses.length, 0);

/** An answer of a case; a judge that compares is shown those that have the same `together`. */
type CaseAnswer = Pick<Rollout, 'task' | 'response'> & { together: string };

/** What is judged, case by case: the two answers of a pair apart from all others, single ones with the others to their task. */
export const answersOf = (cases: readonly RegressionCase[]): CaseAnswer[] =>
  cases.flatMap(({ task, responses }, place) =>
    responses.map((response) => ({
      task,
      response,
      together: responses.length > 1 ? `pair ${place}` : `task ${task.id}`,
    })),
  );

/** Asks a judge about the answers of each case `repeats` times: one opinion would be one draw. */
export async function askCases(
  asker: Asker,
  cases: readonly RegressionCase[],
  repeats: number,
): Promise<JudgedCase[]> {
  const asked = answersOf(cases);
  const answers = asked.map(({ task, response }) => ({ task, response }));
  const together = asked.map((answer) => answer.together);
  const said = await Promise.all(
    Array.from({ length: repeats }, (_, repeat) => asker.judgeAll(answers, repeat, together)),
  );
  let end = 0;
  return cases.map((one) => {
    const start = end;
    end += one.responses.length;
    return { case: one, repeats: said.map((opinions) => opinions.slice(start, end)) };
  });
}
