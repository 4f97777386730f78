import { FAULTS, MERITS } from '@touchstone/core';
import type { Estimate } from '@touchstone/spec';

import { passes } from '../../pass.js';
import { shareInterval } from '../../statistics/means.js';
import { groupBy } from '../../statistics/values.js';
import { type Evidence, randomPart } from '../evidence.js';
import type { Finding } from '../finding.js';
import { LEAST_UNITS } from '../gate.js';
import { rate, type Reading, readingsOf } from '../ratings.js';
import { wasAsked } from '../readings.js';
import { sharedCriteria } from '../worth.js';
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
 * shows something, for the judge or, from `FEWEST_OTHERS` on, against it.
 */
const LEAST_OTHERS = LEAST_UNITS;
const FEWEST_OTHERS = 10;

/** The same for each criterion; of criteria that come with tasks, for each category, and for merits and faults. */
export function criteria(evidence: Evidence): Finding[] {
  const readings = readingsOf(rate(evidence));
  const ofRandom = rate(randomPart(evidence));
  const doubt = labelDoubt(ofRandom);
  const shown = shownLabels(evidence);
  const ordered = orderedCriteria(evidence);
  const parts = partsOf(evidence);
  return parts.flatMap((part) => {
    const { name, has } = part;
    const own = readings.filter(has);
    const [kappa, specificity, sensitivity, accuracy, passAccuracy] = agreement(
      own,
      `.${name}`,
      ` of ${name}`,
      evidence.weights,
    );
    const asked =
      parts.length < 2 || saysNothingNew(part, shown)
        ? {}
        : askedOf(evidence, shown.filter(has), kappa!.estimate);
    return [
      {
        ...kappa!,
        ...(asked.kappa && { gate: { min: LEAST_OF_CRITERION } }),
        ...(asked.isSilent && { estimate: null }),
        note: asked.note ?? (ordered.has(name) || ordered.size === 0 ? kappa!.note : NO_ORDER),
        doubt: doubt ?? labelDoubt(ofRandom.filter(has)),
      },
      specificity!,
      sensitivity!,
      accuracy!,
      // Nearly all alike, labels do not tell a judge from a constant; from one that is wrong about most of them they do.
      { ...passAccuracy!, ...(asked.most && { gate: { min: 0.5 }, doubt }) },
    ];
  });
}

/** Readings that have figures of their own. */
interface Part {
  name: string;
  has: (reading: Pick<Reading, 'criterion' | 'isFault'>) => boolean;
  /** Only criteria that come with tasks have such a part, and many have none of its kind. */
  ofTasks?: true;
}

const BY_SIGN: readonly Part[] = [
  { name: MERITS, has: ({ isFault }) => !isFault, ofTasks: true },
  { name: FAULTS, has: ({ isFault }) => isFault, ofTasks: true },
];

/** A category may hold both merits and faults, and a judge that sees no fault be right about most of it. */
function partsOf({ criteria: all }: Evidence): Part[] {
  return [
    ...all.map(({ name, isCategory }): Part => ({
      name,
      has: ({ criterion }) => criterion === name,
      ...(isCategory && all.length === 1 && { ofTasks: true as const }),
    })),
    ...(all.some(({ isCategory }) => isCategory) ? BY_SIGN : []),
  ];
}

/** Where there are only merits the figures over all say everything of them, and of faults there is nothing to say. */
function saysNothingNew({ has, ofTasks }: Part, shown: readonly Shown[]): boolean {
  const own = shown.filter(has).length;
  return ofTasks === true && shown.length > 0 && (own === 0 || own === shown.length);
}

const NO_ORDER =
  'in no task do all labelled answers have labels of it, so that the order within a task, which trains, is not seen';

/** The criteria by which answers to one task can be compared; none where they come with tasks. */
function orderedCriteria({ answers }: Evidence): Set<string> {
  const tasks = groupBy(
    answers.filter(({ answer }) => answer.criteria === undefined),
    answers.flatMap(({ answer }) => (answer.criteria === undefined ? [answer.task.id] : [])),
  );
  const several = tasks.filter(({ length }) => length > 1);
  return new Set(
    several.flatMap((task) => [...sharedCriteria(task).values()].flatMap((names) => [...names])),
  );
}

/** A label of something that the judge was asked about: it gave a verdict, or abstained. */
interface Shown {
  task: string;
  criterion: string;
  isFault: boolean;
  label: number;
  hasVerdict: boolean;
}

function shownLabels(evidence: Evidence): Shown[] {
  const isSilent = (place: number): boolean =>
    (evidence.answers[place]!.repeats[0]?.verdicts ?? []).some(
      (verdict) => wasAsked(verdict) && verdict.status === 'abstained',
    );
  return rate(evidence).flatMap(({ task, criterion, isFault, answer, judge, label }) =>
    label && (judge || isSilent(answer))
      ? [{ task, criterion, isFault, label: label.value, hasVerdict: judge !== null }]
      : [],
  );
}

/** What the gate asks of one criterion: κ, or most labels right where these are nearly all alike; and a note where they show little. */
function askedOf(
  { answers }: Evidence,
  shown: readonly Shown[],
  kappa: Estimate | null,
): { kappa?: boolean; most?: boolean; isSilent?: boolean; note?: string } {
  // Those that come with tasks are asked for where there is something to see: nobody has chosen how many tasks have them.
  const isChosen = answers.every(({ answer }) => answer.criteria === undefined);
  if (answers.every(({ repeats }) => repeats.length === 0)) return { kappa: isChosen };
  const { tasks, usual, others } = labelsOf(shown);
  const otherTasks = tasksOf(others);
  const silent = others.filter(({ hasVerdict }) => !hasVerdict).length;
  // What it says of the usual ones does not make up for it: silence is what a policy would learn to bring about.
  if (otherTasks >= FEWEST_OTHERS && 2 * silent > others.length)
    return {
      kappa: true,
      isSilent: true,
      note: `it gives no verdict on ${silent} of the ${others.length} answers with a label other than ${usual}`,
    };
  if (tasks < LEAST_UNITS) {
    const count = `only ${tasks} ${tasks === 1 ? 'task has' : 'tasks have'} labels of it`;
    return { kappa: isChosen, note: tasks === 0 ? 'no answer has a label of it' : count };
  }
  if (otherTasks >= LEAST_OTHERS || (kappa?.low ?? 0) >= LEAST_OF_CRITERION) return { kappa: true };
  const few =
    otherTasks === 0
      ? `all its labels are ${usual}: any judge that always says so is right`
      : `its labels are other than ${usual} in ${otherTasks} of ${tasks} tasks only, and ${LEAST_OTHERS} are needed`;
  const isWrong = otherTasks >= FEWEST_OTHERS && kappa !== null && kappa.mean < LEAST_OF_CRITERION;
  return { kappa: isWrong, most: true, note: isWrong ? few : `${few}; κ need not be shown` };
}

function labelsOf(shown: readonly Shown[]): { tasks: number; usual: number | undefined; others: Shown[] } {
  const byLabel = groupBy(
    shown,
    shown.map(({ label }) => String(label)),
  ).sort((a, b) => b.length - a.length);
  return { tasks: tasksOf(shown), usual: byLabel[0]?.[0]?.label, others: byLabel.slice(1).flat() };
}

const tasksOf = (some: readonly { task: string }[]): number => new Set(some.map(({ task }) => task)).size;

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
