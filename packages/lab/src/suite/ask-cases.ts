import type { RegressionCase } from '@touchstone/core';

import { groupBy } from '../statistics/values.js';
import type { Asker } from '../validation/ask.js';
import type { JudgedCase } from '../validation/evidence.js';

/** How many answers are judged when each case is judged `repeats` times. */
export const sizeOf = (cases: readonly RegressionCase[], repeats: number): number =>
  repeats * cases.reduce((sum, { responses }) => sum + responses.length, 0);

/** Asks a judge about the answers of each case `repeats` times: one opinion would be one draw. */
export async function askCases(
  asker: Asker,
  cases: readonly RegressionCase[],
  repeats: number,
): Promise<JudgedCase[]> {
  const judged = cases.map((one): JudgedCase => ({ case: one, repeats: [] }));
  await Promise.all(
    Array.from({ length: repeats }, async (_, repeat) => {
      judged.forEach((one) => (one.repeats[repeat] = []));
      await Promise.all(
        groupsOf(cases, asker.judge.compares ?? false).map(async (group) => {
          const opinions = await asker.judgeTogether(group, repeat);
          opinions.forEach((opinion, i) => {
            const { of, place } = group[i]!;
            judged[of]!.repeats[repeat]![place] = opinion;
          });
        }),
      );
    }),
  );
  return judged;
}

/**
 * What is judged together, with the places of its case and of the answer in it. A judge that compares is shown the two
 * answers of a pair apart from all others, and single answers with the others to their task.
 */
function groupsOf(cases: readonly RegressionCase[], compares: boolean) {
  const seats = cases.flatMap(({ task, responses }, of) =>
    responses.map((response, place) => ({ task, response, of, place })),
  );
  if (!compares) return seats.map((seat) => [seat]);
  return groupBy(
    seats,
    seats.map(({ task, of }) => (cases[of]!.responses.length > 1 ? `pair ${of}` : `task ${task.id}`)),
  );
}
