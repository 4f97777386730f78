import { z } from 'zod';

/** What has trained a policy: its name in `training.backend`, and the versions that its result depends on; null in summaries that were written before. */
export const engineRecordSchema = z.strictObject({
  name: z.string(),
  versions: z.record(z.string(), z.string()),
});
export type EngineRecord = z.output<typeof engineRecordSchema>;
