import type { Estimate } from '@touchstone/spec';

import { passes } from '../../pass.js';
import { shareInterval } from '../../statistics/means.js';
import { groupBy } from '../../statistics/values.js';
import { type Evidence, randomPart } from '../evidence.js';
import type { Finding } from '../finding.js';
import { LEAST_UNITS } from '../gate.js';
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

/**
 * κ that a criterion must have by itself: a little beyond chance, so that one which is always answered alike, which has 0, fails. Figures over
 * all criteria hide it behind the others, and training pays for it all the same.
 */
const LEAST_OF_CRITERION = 0.1;
/**
 * With fewer tasks that have another label than most, the interval of a right judge may be too wide to show it: then κ is asked only where it
 * is on the wrong side, and from `FEWEST_OTHERS` on.
 */
const LEAST_OTHERS = LEAST_UNITS;
const FEWEST_OTHERS = 10;

/** The same for each criterion. */
export function criteria(evidence: Evidence): Finding[] {
  const readings = readingsOf(rate(evidence));
  const ofRandom = rate(randomPart(evidence));
  const doubt = labelDoubt(ofRandom);
  // Criteria that come with tasks are not the same ones from task to task.
  const comeWithTasks = evidence.answers.some(({ answer }) => answer.criteria !== undefined);
  const wasAsked = evidence.answers.some(({ repeats }) => repeats.length > 0);
  return evidence.criteria.flatMap(({ name }) => {
    const own = readings.filter(({ criterion }) => criterion === name);
    const [kappa, specificity, sensitivity, accuracy, passAccuracy] = agreement(
      own,
      `.${name}`,
      ` of ${name}`,
      evidence.weights,
    );
    const silence = wasAsked ? silenceOf(own) : undefined;
    const isWrong = silence !== undefined && silence.others >= FEWEST_OTHERS && isBelow(kappa!.estimate);
    const asksKappa = !comeWithTasks && (!silence?.isRare || isWrong);
    const asksMost = !comeWithTasks && silence?.isRare;
    return [
      {
        ...kappa!,
        ...(asksKappa && { gate: { min: LEAST_OF_CRITERION } }),
        note: silence?.note,
        doubt: doubt ?? labelDoubt(ofRandom.filter(({ criterion }) => criterion === name)),
      },
      specificity!,
      sensitivity!,
      accuracy!,
      // Nearly all alike, labels do not tell a judge from a constant; from one that is wrong about most of them they do.
      { ...passAccuracy!, ...(asksMost && { gate: { min: 0.5 }, doubt }) },
    ];
  });
}

const isBelow = (kappa: Estimate | null): boolean => kappa !== null && kappa.mean < LEAST_OF_CRITERION;

/** Why labels of a criterion show nothing of the judge; undefined where they do. `isRare`: more of the same would not help. */
function silenceOf(
  readings: readonly Reading[],
): { isRare: boolean; others: number; note: string } | undefined {
  const tasks = tasksOf(readings);
  if (tasks === 0) return { isRare: false, others: 0, note: 'no answer has a label of it' };
  if (tasks < LEAST_UNITS)
    return {
      isRare: false,
      others: 0,
      note: `only ${tasks} ${tasks === 1 ? 'task has' : 'tasks have'} labels of it`,
    };
  const byLabel = groupBy(
    readings,
    readings.map(({ label }) => String(label)),
  ).sort((a, b) => b.length - a.length);
  const [usual] = byLabel;
  const others = tasksOf(byLabel.slice(1).flat());
  if (others >= LEAST_OTHERS) return undefined;
  const note =
    others === 0
      ? `all its labels are ${usual![0]!.label}: any judge that always says so is right`
      : `its labels are other than ${usual![0]!.label} in ${others} of ${tasks} tasks only, and ${LEAST_OTHERS} are needed`;
  return { isRare: true, others, note: `${note}; κ need not be shown` };
}

const tasksOf = (readings: readonly Reading[]): number => new Set(readings.map(({ task }) => task)).size;

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
