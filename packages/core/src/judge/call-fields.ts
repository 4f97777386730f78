import { z } from 'zod';

/** `concurrency`, `timeout_seconds` and `attempts` are for the judge's dispatcher. */
export const callFields = {
  concurrency: z.int().positive().default(8).meta({ description: 'Judge calls in flight at once' }),
  timeout_seconds: z
    .number()
    .positive()
    .max(3600)
    .default(120)
    .meta({ description: 'One attempt of a judge call' }),
  attempts: z.int().positive().default(5).meta({ description: 'Attempts of a judge call in all' }),
};
