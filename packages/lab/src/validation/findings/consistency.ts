import type { Estimate } from '@touchstone/spec';

import { passes } from '../../pass.js';
import { shareInterval } from '../../statistics/means.js';
import { groupBy } from '../../statistics/values.js';
import { chanceTwoDiffer, type Part, saidIn } from '../cells.js';
import type { Evidence } from '../evidence.js';
import type { Finding } from '../finding.js';
import type { Criterion } from '@touchstone/core';
import type { JudgedAnswer } from '../readings.js';

/** What the judge said of one criterion of one item, each time it was asked. */
interface Cell {
  task: string;
  criterion: string;
  verdicts: Part[];
}

/**
 * Does the judge say the same when it is asked again? The flip rate is the chance that two repeats, drawn at random from
 * those made, differ: for R repeats of which n_v say v, (1 − Σ (n_v / R)²) · R / (R − 1). Unlike the share that differs
 * from the majority it does not depend on R and needs no rule for ties. A judge at temperature 0 may be steady for no
 * better reason than that; repeats see only what sampling changes.
 */
export function consistency({ answers, criteria, weights }: Evidence): Finding[] {
  const meanFlips = (some: readonly Cell[], reading: (verdict: Part) => unknown): Estimate | null =>
    shareInterval(
      some.map(({ verdicts }) => chanceTwoDiffer(verdicts.map(reading))),
      some.map(({ task }) => task),
      weights,
    );
  const cells = repeatedCells(answers, criteria);
  const pass = ({ score }: Part): unknown => passes(score);
  return [
    {
      name: 'flip_rate',
      description: 'Chance that two judgements of one item differ in pass or fail of a criterion.',
      estimate: meanFlips(cells, pass),
      gate: { max: 0.1 },
    },
    ...criteria.map(({ name }) => ({
      name: `flip_rate.${name}`,
      description: `Chance that two judgements of one item differ in pass or fail of ${name}.`,
      estimate: meanFlips(
        cells.filter(({ criterion }) => criterion === name),
        pass,
      ),
    })),
    {
      name: 'value_flip_rate',
      description: 'Chance that two judgements of one item differ in the value of a criterion.',
      estimate: meanFlips(cells, ({ value }) => value),
    },
  ];
}

/** Cells with at least two verdicts. */
function repeatedCells(answers: readonly JudgedAnswer[], criteria: readonly Criterion[]): Cell[] {
  return answers.flatMap(({ answer, repeats }) => {
    const said = repeats.flatMap((opinion) => saidIn(opinion, criteria));
    const cells = groupBy(
      said,
      said.map(({ cell }) => cell),
    );
    return cells
      .filter((cell) => cell.length > 1)
      .map((cell) => ({
        task: answer.task.id,
        criterion: cell[0]!.part.criterion,
        verdicts: cell.map(({ part }) => part),
      }));
  });
}
