import { z } from 'zod';

/** A mean with its interval. `n` is the number of units that were resampled (tasks, unless said otherwise). */
export const estimateSchema = z.strictObject({
  mean: z.number(),
  low: z.number(),
  high: z.number(),
  n: z.int().nonnegative(),
});
export type Estimate = z.infer<typeof estimateSchema>;

/** Of a summary's file: SHA-256 of all else that stands there, as compact JSON. Files of before have none. */
export const digestSchema = z.string().optional().meta({
  description: 'SHA-256 of all else in the file as compact JSON, in its order; absent in older files',
});
