import { z } from 'zod';

/** A mean with its interval. `n` is the number of units that were resampled (tasks, unless said otherwise). */
export const estimateSchema = z.strictObject({
  mean: z.number(),
  low: z.number(),
  high: z.number(),
  n: z.int().nonnegative(),
});
export type Estimate = z.infer<typeof estimateSchema>;
