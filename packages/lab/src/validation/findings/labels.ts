import type { Estimate } from '@touchstone/spec';

import { passes } from '../../pass.js';
import { weightedKappa } from '../../statistics/agreement.js';
import type { Pair } from '../../statistics/pairs.js';
import { bootstrapInterval } from '../../statistics/bootstrap.js';
import { groupBy } from '../../statistics/values.js';
import { shareInterval } from '../../statistics/proportions.js';
import type { Evidence } from '../evidence.js';
import type { Finding } from '../finding.js';
import { rate, type Reading, readingsOf } from '../ratings.js';

/**
 * Does the judge say what the labels say? Over all criteria together, and for each of them. Intervals are over tasks.
 */
export function labels(evidence: Evidence, seed: number): Finding[] {
  const { criteria } = evidence;
  const readings = readingsOf(rate(evidence));
  const rows = [
    { suffix: '', of: '', readings },
    ...criteria.map(({ name }) => ({
      suffix: `.${name}`,
      of: ` of ${name}`,
      readings: readings.filter(({ criterion }) => criterion === name),
    })),
  ];
  return [
    ...rows.map((row) => ({
      name: `label_accuracy${row.suffix}`,
      description: `Share of labelled verdicts${row.of} where the judge gives exactly the labelled value.`,
      estimate: share(row.readings, ({ value, label }) => value === label, seed),
    })),
    ...rows.map((row) => ({
      name: `label_pass_accuracy${row.suffix}`,
      description: `Share of labelled verdicts${row.of} where judge and label both pass or both fail (pass: the middle of the scale or above).`,
      estimate: share(row.readings, ({ score, labelScore }) => passes(score) === passes(labelScore), seed),
    })),
    ...rows.map((row) => ({
      name: `label_kappa${row.suffix}`,
      description: `Agreement with the labels${row.of} beyond chance: quadratically weighted κ, which is Cohen’s for a Boolean criterion.`,
      estimate: kappa(row.readings, seed),
      ...(row.suffix === '' ? { gate: { min: 0.4 } } : {}),
    })),
  ];
}

function share(
  readings: readonly Reading[],
  agrees: (reading: Reading) => boolean,
  seed: number,
): Estimate | null {
  return shareInterval(
    readings.map((reading) => Number(agrees(reading))),
    readings.map(({ task }) => task),
    seed,
  );
}

function kappa(readings: readonly Reading[], seed: number): Estimate | null {
  const names = [...new Set(readings.map(({ criterion }) => criterion))];
  const tasks = groupBy(
    readings,
    readings.map(({ task }) => task),
  ).map((task) =>
    names.map((name) =>
      task
        .filter(({ criterion }) => criterion === name)
        .map(({ score, labelScore }): Pair => [score, labelScore]),
    ),
  );
  // A loop, because this runs for each of thousands of resamples and flatMap is much slower.
  const drawn = (sample: readonly Pair[][][], criterion: number): Pair[] => {
    const pairs: Pair[] = [];
    for (const task of sample) for (const pair of task[criterion]!) pairs.push(pair);
    return pairs;
  };
  return bootstrapInterval(tasks, (sample) => weightedKappa(...names.map((_, i) => drawn(sample, i))), seed);
}
