import type { Estimate } from '@touchstone/spec';

import { passes } from '../../pass.js';
import { balancedAccuracyInterval } from '../../statistics/intervals.js';
import { SIGNED } from '../../statistics/jackknife.js';
import {
  clusteredMeanInterval,
  groupedMeanInterval,
  shareInterval,
  weightsOf,
} from '../../statistics/means.js';
import type { Verdicts } from '../../statistics/rates.js';
import { groupBy, meanOf } from '../../statistics/values.js';
import { orderedPairs } from '../../statistics/within-groups.js';
import { bestOfGain } from '../best-of-n.js';
import type { Evidence } from '../evidence.js';
import type { Finding } from '../finding.js';
import { groupWeights, longer, pairsApart, type ScoredPair } from '../groups.js';
import { rate, type Reading, readingsOf } from '../ratings.js';
import { labelledGroups } from '../worth.js';

/**
 * Would something that knows nothing do as well? Beside what the judge does: what a constant, and a ruler, do on the same labels.
 *
 * The gains are not gated. Where 95 % of the labels are good, a judge that fails most of what is bad and little of what is good is
 * right less often than a constant, and worth more: what the gate asks is κ, the share of the bad that is failed, and the order where
 * length does not give it, which neither a constant nor a ruler has.
 */
export function baselines(evidence: Evidence): Finding[] {
  const readings = readingsOf(rate(evidence));
  const rows = readings.map((reading) => {
    const [verdict, label] = [passes(reading.score), passes(reading.labelScore)];
    return { ...reading, verdict, label };
  });
  const constant = constantRight(readings);
  const tasks = rows.map(({ task }) => task);
  const { weights } = evidence;
  const groups = labelledGroups(evidence);
  const [pairs, ofGroups] = [groups.map(pairsApart), groupWeights(groups, evidence)];
  return [
    {
      name: 'label_prevalence',
      description: 'Share of the labels that are good: the middle of the scale or above.',
      estimate: shareInterval(
        rows.map(({ label }) => Number(label)),
        tasks,
        weights,
      ),
    },
    {
      name: 'constant_accuracy',
      description: 'label_pass_accuracy of the best constant: of each criterion what most of its labels say.',
      estimate: shareInterval(constant, tasks, weights),
    },
    {
      name: 'label_gain',
      description: 'label_pass_accuracy less constant_accuracy, on the same labels.',
      estimate: clusteredMeanInterval(
        rows.map(({ verdict, label }, i) => Number(verdict === label) - constant[i]!),
        tasks,
        SIGNED,
        weights,
      ),
    },
    {
      name: 'label_balanced_accuracy',
      description:
        'Mean of label_sensitivity and label_specificity: one half for every constant, whatever the prevalence.',
      estimate: balancedAccuracy(rows, weights),
    },
    {
      name: 'length_order_accuracy',
      description:
        'order_accuracy of a ruler that finds longer answers better; 1 less it, that of the other.',
      estimate: overPairs(pairs, byLength, ofGroups),
    },
    {
      name: 'order_gain',
      description: 'order_accuracy less that of the better of the two rulers, on the same pairs.',
      estimate: overPairs(pairs, orderGain(pairs), ofGroups),
    },
    {
      name: 'best_of_n_gain',
      description:
        'What the answer that the judge scores highest is worth by its label more than answers to the task are on average, 0–1.',
      estimate: bestOfGain(evidence),
    },
  ];
}

/** 1 where the best constant of the criterion is right, 0 where it is not. */
function constantRight(readings: readonly Reading[]): number[] {
  const criteria = groupBy(
    readings,
    readings.map(({ criterion }) => criterion),
  );
  const most = new Map(
    criteria.map((list) => [
      list[0]!.criterion,
      meanOf(list.map(({ labelScore }) => Number(passes(labelScore)))) >= 0.5,
    ]),
  );
  return readings.map(({ criterion, labelScore }) => Number(passes(labelScore) === most.get(criterion)));
}

function balancedAccuracy(
  rows: readonly { task: string; verdict: boolean; label: boolean }[],
  weights: Evidence['weights'],
): Estimate | null {
  const names = rows.map(({ task }) => task);
  const tasks = groupBy(
    rows.map(({ verdict, label }): Verdicts => [verdict, label]),
    names,
  );
  return balancedAccuracyInterval(tasks, weightsOf(names, weights));
}

/** Points of a ruler that finds the longer answer better; answers of one length are a tie. */
const byLength = (pair: ScoredPair): number => (1 + longer(pair)) / 2;

function orderGain(pairs: readonly (readonly ScoredPair[])[]): (pair: ScoredPair) => number {
  const shorterIsBetter = pairs.flat().reduce((sum, pair) => sum + longer(pair), 0) < 0;
  return (pair) => {
    const ruler = shorterIsBetter ? 1 - byLength(pair) : byLength(pair);
    return orderedPairs(pair.map(({ judge, other }) => [judge, other] as const)).right - ruler;
  };
}

function overPairs(
  pairs: readonly (readonly ScoredPair[])[],
  points: (pair: ScoredPair) => number,
  weights: readonly number[] | undefined,
): Estimate | null {
  return groupedMeanInterval(
    pairs.map((task) => task.map(points)),
    SIGNED,
    weights,
  );
}
