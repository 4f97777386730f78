import { shareInterval } from '../../statistics/means.js';
import { type Evidence, verdictsAsked } from '../evidence.js';
import type { Finding } from '../finding.js';

/** How often did the judge give no verdict, over everything it was asked? The interval is over tasks. */
export function abstentions(evidence: Evidence): Finding[] {
  const asked = verdictsAsked(evidence);
  return [
    {
      name: 'abstention_rate',
      description: 'Share of judgements for which the judge gave no verdict.',
      estimate: shareInterval(
        asked.map(({ verdict }) => Number(verdict.status === 'abstained')),
        asked.map(({ task }) => task),
      ),
      // A judge that is silent about what it finds hard is right about the rest.
      gate: { max: 0.1 },
    },
  ];
}
