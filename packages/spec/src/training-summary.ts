import { z } from 'zod';
import { engineRecordSchema } from './engine.js';

/** What a training came to, in `summary.json`. */
export const trainingSummarySchema = z.strictObject({
  engine: engineRecordSchema.nullable().default(null),
  algorithm: z.string(),
  steps: z.int(),
  /** Of the answers that were drawn, like the four after it; null where a cloud service drew them and shows none. */
  rollouts: z.int().nullable(),
  abstained: z.int().nullable(),
  zero_variance_groups: z.int().nullable(),
  tokens: z.int().nullable(),
  tokens_per_second: z.number().nullable(),
  /** Null where a cloud service does not say of every step how long it took. */
  wall_seconds: z.number().nullable(),
  sft: z
    .strictObject({
      steps: z.int(),
      best_step: z.int(),
      examples: z.int(),
      validation_loss: z.number(),
      wall_seconds: z.number(),
    })
    .nullable(),
});
