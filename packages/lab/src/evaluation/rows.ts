import type { EvaluationRow, EvaluationRowRead } from '@touchstone/spec';

import type { EvaluationRecord } from './record.js';

/** A record as a line of `records.jsonl`. */
export function rowOf(model: string, record: EvaluationRecord, training?: number): EvaluationRow {
  const {
    taskId,
    sample,
    judge,
    heldout,
    truth,
    valid,
    components,
    others,
    tokens,
    length,
    cluster,
    slices,
    asked,
    by,
  } = record;
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
    ...(asked === undefined ? {} : { asked }),
    ...(by === undefined ? {} : { by }),
  };
}

/** A line of `records.jsonl` as a record. */
export function recordOf(row: EvaluationRowRead): EvaluationRecord {
  const { task, sample, judge, heldout, truth, valid, scores, components, tokens, length } = row;
  const { cluster, slices, asked, by } = row;
  const others = Object.entries(scores).map(([name, score]) => [name, score ?? null]);
  return {
    taskId: task,
    sample,
    judge: judge ?? null,
    heldout: heldout ?? null,
    truth: truth ?? null,
    valid: valid ?? null,
    tokens: tokens ?? null,
    components,
    others: Object.fromEntries(others) as Record<string, number | null>,
    ...(typeof length === 'number' ? { length } : {}),
    ...(cluster === undefined ? {} : { cluster }),
    slices,
    ...(asked === undefined ? {} : { asked }),
    ...(by === undefined ? {} : { by }),
  };
}
