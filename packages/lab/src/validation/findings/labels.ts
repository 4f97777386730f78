import type { Estimate } from '@touchstone/spec';

import { passes } from '../../pass.js';
import { shareInterval } from '../../statistics/means.js';
import { type Evidence, randomPart } from '../evidence.js';
import type { Finding } from '../finding.js';
import { rate, type Reading, readingsOf } from '../ratings.js';
import { areAllAlike, labelKappaInterval, LEAST_KAPPA } from './kappa.js';
import { labelDoubt } from './people.js';

/** Does the judge say what the labels say, over all criteria together? Intervals are over tasks. */
export function labels(evidence: Evidence): Finding[] {
  const ratings = rate(evidence);
  const doubt = labelDoubt(rate(randomPart(evidence)));
  const [kappa, specificity, ...others] = agreement(readingsOf(ratings), '', '', evidence.weights);
  return [
    { ...kappa!, gate: { min: LEAST_KAPPA }, doubt },
    // What is wrongly passed is what a policy learns to write, so a judge must fail more than half of what is bad: one that
    // passes everything fails nothing, however many of the labels are good. Wilson's interval and this bar leave room for ten.
    { ...specificity!, gate: { min: 0.5 }, least: 10, doubt },
    ...others,
  ];
}

/** The same for each criterion. */
export function criteria(evidence: Evidence): Finding[] {
  const readings = readingsOf(rate(evidence));
  return evidence.criteria.flatMap(({ name }) =>
    agreement(
      readings.filter(({ criterion }) => criterion === name),
      `.${name}`,
      ` of ${name}`,
      evidence.weights,
    ),
  );
}

/** κ first, then specificity. */
function agreement(
  readings: readonly Reading[],
  suffix: string,
  of: string,
  weights: Evidence['weights'],
): Finding[] {
  const share = (some: readonly Reading[], holds: (reading: Reading) => boolean): Estimate | null =>
    shareInterval(
      some.map((reading) => Number(holds(reading))),
      some.map(({ task }) => task),
      weights,
    );
  const good = readings.filter(({ labelScore }) => passes(labelScore));
  const bad = readings.filter(({ labelScore }) => !passes(labelScore));
  return [
    {
      name: `label_kappa${suffix}`,
      description: `Agreement with the labels${of} beyond chance: quadratically weighted κ, which is Cohen’s for a Boolean criterion.`,
      estimate: labelKappaInterval(readings, weights),
      note:
        readings.length > 0 && areAllAlike(readings)
          ? 'the labels are all alike: any judge would have 0'
          : undefined,
    },
    {
      name: `label_specificity${suffix}`,
      description: `Share of the bad${of} that the judge fails (TNR); bad is a label below the middle of the scale, or the worse of two answers. n counts tasks that have any.`,
      estimate: share(bad, ({ score }) => !passes(score)),
    },
    {
      name: `label_sensitivity${suffix}`,
      description: `Share of the good${of} that the judge passes (TPR). n counts tasks that have any.`,
      estimate: share(good, ({ score }) => passes(score)),
    },
    {
      name: `label_accuracy${suffix}`,
      description: `Share of labelled verdicts${of} where the judge gives exactly the labelled value.`,
      estimate: share(readings, ({ value, label }) => value === label),
    },
    {
      name: `label_pass_accuracy${suffix}`,
      description: `Share of labelled verdicts${of} where judge and label both pass or both fail (pass: the middle of the scale or above).`,
      estimate: share(readings, ({ score, labelScore }) => passes(score) === passes(labelScore)),
    },
  ];
}
