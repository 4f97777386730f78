import { z } from 'zod';
import { estimateSchema } from './estimate.js';

/** Keys are names of metrics, which `METRICS` describes; null where there was not enough to measure. */
export const estimatesSchema = z.record(z.string(), estimateSchema.nullable());

/** The figures of one model. */
export const modelSchema = z.strictObject({
  /** On the held-out split, by metric. */
  metrics: estimatesSchema,
  /** Each criterion of the judge, each check of the reward. */
  components: z.record(z.string(), estimateSchema),
  mean_tokens: z.number(),
  /** Null in older files. */
  answers: z.int().nullable().default(null),
  /** Answers that the judge has no score of. */
  abstained: z.int(),
  /** Answers that the held-out judge has no score of; null where there is none, and in older files. */
  heldout_abstained: z.int().nullable().default(null),
});
export type ModelSummary = z.infer<typeof modelSchema>;

/** The difference of two models by one metric. */
export const comparisonSchema = z.strictObject({
  metric: z.string(),
  /** The difference is `better` minus `baseline`, paired by task. */
  better: z.string(),
  baseline: z.string(),
  difference: estimateSchema,
  /**
   * Answers of each that have no score, and what the difference would be were these worth 0 to the model that is higher and 1 to the other; null where all
   * have one or a missing one says that there was nothing to score, and in older files.
   */
  silence: z.strictObject({ better: z.int(), baseline: z.int(), worst: z.number() }).nullable().default(null),
});
export type Comparison = z.infer<typeof comparisonSchema>;
