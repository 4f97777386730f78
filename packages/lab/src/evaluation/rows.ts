import type { EvaluationRow } from '@touchstone/spec';

import type { EvaluationRecord } from './record.js';

/** A record as a line of `records.jsonl`. */
export function rowOf(model: string, record: EvaluationRecord, training?: number): EvaluationRow {
  const { taskId, sample, judge, heldout, truth, valid, components, others, tokens, length, cluster, slices } = record;
  return {
    model,
    task: taskId,
    sample,
    ...(training === undefined ? {} : { training }),
    judge,
    heldout,
    truth,
    valid,
    ...(others === undefined ? {} : { scores: others }),
    components,
    tokens,
    ...(length === undefined ? {} : { length }),
    ...(cluster === undefined ? {} : { cluster }),
    ...(slices === undefined ? {} : { slices }),
  };
}
