import { SIGNED } from '../../statistics/jackknife.js';
import { clusteredMeanInterval, shareInterval } from '../../statistics/means.js';
import { type Evidence, verdictsAsked } from '../evidence.js';
import type { Finding } from '../finding.js';

/** Does the place of an answer decide? Two answers are shown in both orders; what depends on the order is inconsistent. */
export function position(evidence: Evidence): Finding[] {
  const { answers, criteria, weights } = evidence;
  const asked = verdictsAsked({ answers, cases: [] });
  const comparisons = asked.flatMap(({ task, verdict }) =>
    verdict.status === 'scored' && verdict.outcome !== undefined
      ? [{ task, outcome: verdict.outcome, preferred: verdict.preferred }]
      : [],
  );
  const inconsistent = comparisons.filter(({ outcome }) => outcome === 'inconsistent');
  const places = (of: typeof comparisons): number[] =>
    of.map(({ preferred }) => Number(preferred === 'first') - Number(preferred === 'second'));
  const isOther = criteria.length > 0 || (asked.length > 0 && comparisons.length === 0);
  const absent = isOther ? 'it does not compare two answers in both orders' : undefined;
  const tasks = comparisons.map(({ task }) => task);
  return [
    {
      name: 'position_consistency',
      description: 'Share of comparisons that end the same in both orders of the two answers.',
      estimate: shareInterval(
        comparisons.map(({ outcome }) => Number(outcome !== 'inconsistent')),
        tasks,
        weights,
      ),
      // One that answers by place has 0, whatever its order within tasks looks like for the few it is sure of; usable
      // judges have 0.65 to 0.93 (MT-Bench, LLMBar), those that mostly go by place less than 0.6.
      gate: { min: 0.6 },
      absent,
    },
    {
      name: 'first_place_share',
      description:
        'Share of the inconsistent comparisons in which the answer that is shown first wins both times.',
      estimate: shareInterval(
        inconsistent.map(({ preferred }) => Number(preferred === 'first')),
        inconsistent.map(({ task }) => task),
        weights,
      ),
      absent,
    },
    {
      name: 'position_preference',
      description:
        'Share of all comparisons that the first place wins both times, less the share that the second does: 0 is fair.',
      estimate: clusteredMeanInterval(places(comparisons), tasks, SIGNED, weights),
      absent,
    },
  ];
}
