import type { Estimate } from '@touchstone/spec';

import { passes } from '../pass.js';
import { shareInterval } from '../statistics/means.js';
import type { EvaluationRecord } from './record.js';

/**
 * Share of answers that judge and ground truth both pass or both fail (a score of 0.5 or more passes), over answers that
 * have both scores. The interval is over tasks.
 */
export function truthAgreement(
  records: readonly Pick<EvaluationRecord, 'taskId' | 'judge' | 'truth'>[],
): Estimate | null {
  const both = records.flatMap(({ taskId, judge, truth }) =>
    judge === null || truth === null ? [] : [{ taskId, agrees: passes(judge) === passes(truth) }],
  );
  return shareInterval(
    both.map(({ agrees }) => Number(agrees)),
    both.map(({ taskId }) => taskId),
  );
}
