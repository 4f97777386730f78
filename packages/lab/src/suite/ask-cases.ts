import type { RegressionCase } from '@touchstone/core';

import { groupBy } from '../statistics/bootstrap.js';
import type { Asker } from '../validation/ask.js';
import type { Opinion } from '../validation/readings.js';

/**
 * What a judge says of the answers of each case, in order. A judge that compares is shown the two answers of a pair
 * together and apart from all others; single answers it is shown with the others to their task.
 */
export async function askCases(
  asker: Asker,
  cases: readonly RegressionCase[],
  repeat: number,
): Promise<Opinion[][]> {
  const seats = cases.flatMap(({ task, responses }, of) =>
    responses.map((response, place) => ({ task, response, of, place })),
  );
  const groups = asker.judge.compares
    ? groupBy(
        seats,
        seats.map(({ task, of }) => (cases[of]!.responses.length > 1 ? `pair ${of}` : `task ${task.id}`)),
      )
    : seats.map((seat) => [seat]);
  const opinions: Opinion[][] = cases.map(() => []);
  await Promise.all(
    groups.map(async (group) => {
      const said = await asker.judgeTogether(group, repeat);
      said.forEach((opinion, i) => (opinions[group[i]!.of]![group[i]!.place] = opinion));
    }),
  );
  return opinions;
}
