import type { RegressionCase } from '@touchstone/core';

import type { Asker } from '../validation/ask.js';
import type { JudgedCase } from '../validation/evidence.js';

/** How many answers are judged when each case is judged `repeats` times. */
export const sizeOf = (cases: readonly RegressionCase[], repeats: number): number =>
  repeats * cases.reduce((sum, { responses }) => sum + responses.length, 0);

/**
 * Asks a judge about the answers of each case `repeats` times: one opinion would be one draw. A judge that compares is shown
 * the two answers of a pair apart from all others, and single answers with the others to their task.
 */
export async function askCases(
  asker: Asker,
  cases: readonly RegressionCase[],
  repeats: number,
): Promise<JudgedCase[]> {
  const answers = cases.flatMap(({ task, responses }) => responses.map((response) => ({ task, response })));
  const together = cases.flatMap(({ task, responses }, place) =>
    responses.map(() => (responses.length > 1 ? `pair ${place}` : `task ${task.id}`)),
  );
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
