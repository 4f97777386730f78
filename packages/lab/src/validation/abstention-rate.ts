import type { Verdict } from '@touchstone/spec';

import { shareInterval } from '../statistics/proportions.js';
import type { Finding } from './finding.js';

/** How often did the judge give no verdict, over everything it was asked? The interval is over tasks. */
export function abstentionRate(asked: readonly { task: string; verdict: Verdict }[], seed: number): Finding {
  return {
    name: 'abstention_rate',
    description: 'Share of judgements for which the judge gave no verdict.',
    estimate: shareInterval(
      asked.map(({ verdict }) => Number(verdict.status === 'abstained')),
      asked.map(({ task }) => task),
      seed,
    ),
  };
}
