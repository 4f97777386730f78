import { shareInterval } from '../../statistics/means.js';
import { type Evidence, verdictsAsked } from '../evidence.js';
import type { Finding } from '../finding.js';

const MOST = 0.1;

/**
 * How often did the judge give no verdict? Over everything it was asked, and over what is compared with labels: silence about half of
 * the labelled answers is not made good by verdicts on many regression cases. Intervals are over tasks.
 */
export function abstentions(evidence: Evidence): Finding[] {
  const { answers, weights } = evidence;
  const share = (some: ReturnType<typeof verdictsAsked>): Finding['estimate'] =>
    shareInterval(
      some.map(({ verdict }) => Number(verdict.status === 'abstained')),
      some.map(({ task }) => task),
      weights,
    );
  const asked = verdictsAsked(evidence);
  const first = answers.map(({ answer, repeats }) => ({
    answer,
    repeats: repeats.slice(0, 1),
    heldout: null,
  }));
  const compared = verdictsAsked({ answers: first, cases: [] });
  return [
    {
      name: 'abstention_rate',
      description: 'Share of judgements for which the judge gave no verdict.',
      estimate: share(asked),
      // A judge that is silent about what it finds hard is right about the rest.
      gate: { max: MOST },
      incomplete: evidence.unasked,
    },
    {
      name: 'abstention_rate.labelled',
      description: 'The same of those that are compared with labels: the first of each labelled answer.',
      estimate: share(compared),
      gate: { max: MOST },
      absent: asked.length > 0 && answers.length === 0 ? 'there are no labelled answers' : undefined,
    },
  ];
}
