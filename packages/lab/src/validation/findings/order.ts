import type { Estimate } from '@touchstone/spec';

import { pairAccuracyInterval, withinTauInterval } from '../../statistics/intervals.js';
import { SHARE } from '../../statistics/jackknife.js';
import { groupedMeanInterval, meanInterval } from '../../statistics/means.js';
import type { Pair } from '../../statistics/pairs.js';
import { orderedPairs } from '../../statistics/within-groups.js';
import { type Evidence, randomPart } from '../evidence.js';
import type { Finding } from '../finding.js';
import {
  groupsOf,
  groupWeights,
  longer,
  pairsApart,
  type Scored,
  type ScoredPair,
  scoreOf,
} from '../groups.js';
import { rate } from '../ratings.js';
import { labelledGroups, worthsOf } from '../worth.js';
import { labelDoubt } from './people.js';

const SEVERAL = 'label several answers of different worth, by the same criteria, to each of some tasks';
const NOT_APART =
  'no two labelled answers to a task differ in worth in another way than length does: label more of them';

/**
 * Does the judge put the answers to one task in the right order? Group-relative training learns from nothing else: what a
 * judge says across tasks, however right, is taken off with the group's mean.
 */
export function order(evidence: Evidence): Finding[] {
  const { answers, hasHeldout } = evidence;
  const labelled = labelledGroups(evidence);
  const worths = worthsOf(evidence);
  // What trains is the whole score, whatever is labelled of it.
  const trained = groupsOf(answers, (_, place) => worths[place]?.label ?? null);
  const byHeldout = groupsOf(answers, ({ heldout }) => scoreOf(heldout));
  const doubt = labelDoubt(rate(randomPart(evidence)));
  const [ofLabelled, ofHeldout] = [groupWeights(labelled, evidence), groupWeights(byHeldout, evidence)];
  const accuracyByLabel = pairAccuracyInterval(labelled.map(toPairs), ofLabelled);
  const noHeldout = hasHeldout ? undefined : 'there is no held-out judge';
  return [
    {
      name: 'order_accuracy',
      description:
        'Within a task: share of pairs of answers with different labels that the judge puts in the order of the labels; a tie of the judge counts one half, which is also what chance gives.',
      estimate: accuracyByLabel,
      note: accuracyByLabel ? undefined : SEVERAL,
      gate: { min: 0.6 },
      doubt,
    },
    {
      name: 'order_accuracy.against_length',
      description:
        'The same over the pairs that length alone does not get right: those in which the better answer is no longer than the worse one, or, where shorter answers are mostly better, no shorter.',
      estimate: accuracy(notByLength(labelled), ofLabelled),
      note: notByLength(labelled).flat().length > 0 ? undefined : NOT_APART,
      // A ruler has at most one half here (answers of one length are a tie to it), whatever the labels, and a judge that does not
      // look at length what it has elsewhere. Where there are few such pairs, the labels cannot tell a judge from a ruler,
      // however well it does on the others.
      gate: { min: 0.55 },
      least: 10,
      doubt,
    },
    {
      name: 'heldout_order_accuracy',
      description:
        'Within a task: share of pairs of answers that the held-out judge tells apart and the judge puts in the same order; a tie of the judge counts one half.',
      estimate: pairAccuracyInterval(byHeldout.map(toPairs), ofHeldout),
      // Above chance, which a judge that gives everything one score has too.
      gate: { min: 0.55 },
      absent: noHeldout,
    },
    {
      name: 'spread',
      description:
        'Share of tasks with several labelled answers of different worth in which the judge does not give all the same score: it cannot teach the others.',
      estimate: spread(trained, evidence),
      note: accuracyByLabel ? undefined : SEVERAL,
      gate: { min: 0.3 },
    },
    {
      name: 'order_tau',
      description:
        'Kendall’s τ_b of judge and labels within a task, mean over tasks; 0 is what chance gives.',
      estimate: withinTauInterval(labelled.map(toPairs), ofLabelled),
    },
    {
      name: 'heldout_order_tau',
      description: 'Kendall’s τ_b of judge and held-out judge within a task, mean over tasks.',
      estimate: withinTauInterval(byHeldout.map(toPairs), ofHeldout),
      absent: noHeldout,
    },
  ];
}

const toPairs = (answers: readonly Scored[]): Pair[] => answers.map(({ judge, other }) => [judge, other]);

/** @param pairs of each task. Tasks count by their pairs. */
function accuracy(
  pairs: readonly (readonly ScoredPair[])[],
  weights: readonly number[] | undefined,
): Estimate | null {
  return groupedMeanInterval(
    pairs.map((task) => task.map((pair) => orderedPairs(toPairs(pair)).right)),
    SHARE,
    weights,
  );
}

/** The pairs that the better of two rulers does not get right: longer is better, and shorter is better. */
function notByLength(groups: readonly (readonly Scored[])[]): ScoredPair[][] {
  const tasks = groups.map(pairsApart);
  const ruler = tasks.flat().reduce((sum, pair) => sum + longer(pair), 0) < 0 ? -1 : 1;
  return tasks.map((pairs) => pairs.filter((pair) => longer(pair) !== ruler));
}

function spread(groups: readonly (readonly Scored[])[], evidence: Evidence): Estimate | null {
  const apart = groups.filter((group) => new Set(group.map(({ other }) => other)).size > 1);
  return meanInterval(
    apart.map((group) => Number(new Set(group.map(({ judge }) => judge)).size > 1)),
    SHARE,
    groupWeights(apart, evidence),
  );
}
