import type { Estimate } from '@touchstone/spec';

import { partialSpearman } from '../../statistics/correlation.js';
import { intervalOf, SIGNED } from '../../statistics/jackknife.js';
import { groupedMeanInterval } from '../../statistics/means.js';
import { groupBy } from '../../statistics/values.js';
import type { Evidence } from '../evidence.js';
import type { Finding } from '../finding.js';
import { groupsOf, longer, pairsApart, type Scored, type ScoredPair } from '../groups.js';
import { labelledGroups } from '../worth.js';
import { selfPreference } from './self-preference.js';

/** Does it go by what does not matter: length, the top of its scale, who wrote it? */
export function bias(evidence: Evidence): Finding[] {
  const { answers } = evidence;
  const groups = labelledGroups(evidence);
  const pairs = groups.map((group) => pairsApart(group).filter((pair) => longer(pair) !== 0));
  const scores = groupsOf(answers, () => 0).map((group) => group.map(({ judge }) => judge));
  const share = (holds: (score: number) => boolean): Estimate | null =>
    groupedMeanInterval(scores.map((group) => group.map((score) => Number(holds(score)))));
  const commonest = commonestOf(scores.flat());
  return [
    {
      name: 'length_bias',
      description:
        'Within a task: share of pairs in which the judge prefers the longer answer, less the share in which it is the better one by the labels.',
      estimate: groupedMeanInterval(
        pairs.map((task) => task.map((pair) => prefersLonger(pair) - Number(longer(pair) > 0))),
        SIGNED,
      ),
    },
    {
      name: 'length_correlation',
      description:
        'Spearman correlation of score and length of an answer with what it is worth by its label held constant.',
      estimate: intervalOf(groups, (sample) => lengthCorrelation(sample.flat()), SIGNED),
    },
    {
      name: 'share_at_top',
      description:
        'Share of answers with the highest score there is, among which training sees no difference.',
      estimate: share((score) => score >= 1),
    },
    {
      name: 'commonest_score',
      description: 'Share of answers that have the score that most have.',
      estimate: share((score) => score === commonest),
    },
    selfPreference(evidence),
  ];
}

/** A tie counts one half. */
function prefersLonger(pair: ScoredPair): number {
  const [better, worse] = pair;
  return (1 + Math.sign(better.judge - worse.judge) * longer(pair)) / 2;
}

function lengthCorrelation(answers: readonly Scored[]): number | null {
  return partialSpearman(
    answers.map(({ judge, length }) => [judge, length] as const),
    answers.map(({ other }) => other),
  );
}

function commonestOf(scores: readonly number[]): number | undefined {
  const groups = groupBy(scores, scores.map(String));
  return groups.sort((a, b) => b.length - a.length)[0]?.[0];
}
