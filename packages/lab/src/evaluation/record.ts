import { meanOf } from '../statistics/values.js';

/** One sampled answer of one model, with all its scores. */
export interface EvaluationRecord {
  taskId: string;
  /** Which of the samples of this task, from 0. */
  sample: number;
  /** Score by the judge that is trained against, 0–1; null where it abstained. */
  judge: number | null;
  /** Score by the held-out judge, 0–1; null where it abstained or there is none. */
  heldout: number | null;
  /** Valid under the task's JSON Schema; null where there is none, or it is not known. */
  valid: boolean | null;
  /** Score against ground truth, 0–1; null where there is none. */
  truth: number | null;
  /** Tokens of the answer; null where they were not counted. */
  tokens: number | null;
  /** Score of each check and criterion that was reached, 0–1. */
  components: Record<string, number>;
  /** Scores by others, by name, such as graders of the file it was read from or further judges; null where one abstained. */
  others?: Record<string, number | null>;
  /** Characters of the answer. */
  length?: number;
  /** What tasks that are not independent have in common, such as their document. Default: each task is by itself. */
  cluster?: string;
  /** Values of the task's fields that figures are cut by, by field. */
  slices?: Record<string, string>;
  /** Hashes of what was asked and of what judges were shown of the task, by part. Absent: not known. */
  asked?: Record<string, string>;
  /** Who gave the scores, by metric: a fingerprint, equal where the same answer would get the same score. Absent: not known. */
  by?: Record<string, string>;
}

/** What one answer has of a metric; null where it has none. */
export type Measure = (record: EvaluationRecord) => number | null;

/** A metric that any of the answers has. */
export interface NamedMeasure {
  name: string;
  measure: Measure;
}

/**
 * The metrics that models are summarised and compared by, read off each answer. A new one is a line here and its entry in
 * `METRICS` of spec.
 */
export const MEASURES = {
  judge_score: (record: EvaluationRecord) => record.judge,
  heldout_judge_score: (record: EvaluationRecord) => record.heldout,
  json_valid: (record: EvaluationRecord) => (record.valid === null ? null : Number(record.valid)),
  truth_score: (record: EvaluationRecord) => record.truth,
} as const satisfies Record<string, Measure>;

/** What the answers to each task have of a measure, without those that have none. The same records are read once for each measure. */
export function valuesByTask(
  records: readonly EvaluationRecord[],
  measure: Measure,
): ReadonlyMap<string, readonly number[]> {
  return known(valuesRead, records, measure, () => {
    const byTask = new Map<string, number[]>();
    for (const record of records) {
      const value = measure(record);
      if (value === null) continue;
      const values = byTask.get(record.taskId);
      if (values) values.push(value);
      else byTask.set(record.taskId, [value]);
    }
    return byTask;
  });
}

/** The mean of a measure over the samples of each task, without the records that have none. */
export function taskMeans(
  records: readonly EvaluationRecord[],
  measure: Measure,
): ReadonlyMap<string, number> {
  return known(
    meansRead,
    records,
    measure,
    () => new Map([...valuesByTask(records, measure)].map(([task, values]) => [task, meanOf(values)])),
  );
}

type Read<T> = WeakMap<readonly EvaluationRecord[], Map<Measure, T>>;
const valuesRead: Read<ReadonlyMap<string, readonly number[]>> = new WeakMap();
const meansRead: Read<ReadonlyMap<string, number>> = new WeakMap();

/** Every two models are compared by every metric: what was read of a model's records is kept as long as they are. */
function known<T>(all: Read<T>, records: readonly EvaluationRecord[], measure: Measure, make: () => T): T {
  const own = all.get(records) ?? new Map<Measure, T>();
  all.set(records, own);
  const value = own.get(measure) ?? make();
  own.set(measure, value);
  return value;
}

/** @throws {RangeError} there are no records of a model of that name. */
export function recordsOf<T>(models: Readonly<Record<string, readonly T[]>>, name: string): readonly T[] {
  const records = Object.hasOwn(models, name) ? models[name] : undefined;
  if (!records) throw new RangeError(`expected one of ${Object.keys(models).join(', ')}, got "${name}"`);
  return records;
}
