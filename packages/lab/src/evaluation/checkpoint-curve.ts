import type { EvaluatedPair, EvaluationSummary, Shown } from '@touchstone/spec';

import { overTrainings } from './by-task.js';
import { chooseCheckpoint } from './choose-checkpoint.js';
import type { Evaluated } from './evaluated.js';
import { type NamedMeasure, taskMeans } from './record.js';

type Curve = EvaluationSummary['curves'][number];

/**
 * What a metric says of the checkpoints of one training: which to keep, and where it dipped.
 *
 * @param order their names, in order.
 * @param pairs every two models by this metric, corrected.
 * @returns null where none has a score.
 */
export function checkpointCurve(
  order: readonly string[],
  pairs: readonly EvaluatedPair[],
  { name, measure }: NamedMeasure,
  { models, clusterOf }: Evaluated,
): Curve | null {
  const checkpoints = order.map((model, step) => ({
    step,
    scores: overTrainings(
      models.find((one) => one.name === model)!.trainings.map((records) => taskMeans(records, measure)),
    ),
  }));
  const choice = chooseCheckpoint(checkpoints, order.length, clusterOf);
  if (!choice) return null;
  const best = order[choice.step]!;
  const shownOf = (model: string, other: string): Shown => shownAgainst(pairs, model, other);
  const others = order.filter((model) => model !== best);
  return {
    metric: name,
    dips: dipsOf(order, shownOf),
    highest: order[choice.highest]!,
    best,
    because: choice.because,
    scored: choice.of,
    better_than: others.filter((model) => shownOf(best, model) === 'higher'),
    not_told_apart: others.filter((model) => shownOf(best, model) === 'undecided'),
    worse_than: others.filter((model) => shownOf(best, model) === 'lower'),
  };
}

/** Checkpoints that are shown to be below an earlier one and below a later one; of several the nearest are named. */
function dipsOf(order: readonly string[], shownOf: (model: string, other: string) => Shown): Curve['dips'] {
  return order.flatMap((model, i) => {
    const earlier = order.slice(0, i).findLast((other) => shownOf(model, other) === 'lower');
    const later = order.slice(i + 1).find((other) => shownOf(model, other) === 'lower');
    return earlier === undefined || later === undefined
      ? []
      : [{ model, below_earlier: earlier, below_later: later }];
  });
}

const TURNED: Record<Shown, Shown> = {
  higher: 'lower',
  lower: 'higher',
  undecided: 'undecided',
  none: 'none',
};

/** What is shown of one model against another, whichever way round the pair is. */
function shownAgainst(pairs: readonly EvaluatedPair[], model: string, other: string): Shown {
  for (const pair of pairs) {
    if (pair.model === model && pair.baseline === other) return pair.shown;
    if (pair.model === other && pair.baseline === model) return TURNED[pair.shown];
  }
  return 'none';
}
