import type { EvaluationRecord } from './record.js';

/** Two answers to one task, compared by a preference judge in both orders. */
export interface Duel {
  taskId: string;
  sample: number;
  /** The models whose answers they are. */
  a: string;
  b: string;
  /** For `a`, over both orders: won, tied, lost; null where there is no verdict. */
  outcome: 1 | 0.5 | 0 | null;
  /** Whether both orders said the same; where not, it counts half whatever `outcome` says. */
  consistent: boolean;
}

/** A model with its records: a list for each of its trainings, one where it was trained once. */
export interface ModelRecords {
  name: string;
  trainings: readonly (readonly EvaluationRecord[])[];
}

/** What an evaluation is summarised from. */
export interface EvaluationInput {
  name: string;
  /** In the order of tables. */
  models: readonly ModelRecords[];
  duels?: readonly Duel[];
  /** What the others are held against first. Default: the first of `order`, or the first model. */
  baseline?: string;
  /** Models that are checkpoints of one training, in order. */
  order?: readonly string[];
  /** Which the verdict is about. Default: judge_score, else the first of others' scores, else what there is. */
  mainMetric?: string;
  /** The largest k of best of k and pass^k. */
  bestOf: number;
  /** An answer passes with at least this score. Without it only metrics whose scores are all 0 or 1 say what passes. */
  passScore?: number;
  /** Of the answers that were drawn; null: none were. */
  seed: number | null;
  created: string;
  versions: Readonly<Record<string, string>>;
  /** What a reader should know that the records do not say. */
  remarks?: readonly string[];
}
