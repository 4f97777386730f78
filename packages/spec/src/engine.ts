import { z } from 'zod';

/** What has trained a policy: its name in `training.backend`, and the versions that its result depends on; null in summaries that were written before. */
export const engineRecordSchema = z.strictObject({
  name: z.string(),
  versions: z.record(z.string(), z.string()),
  /**
   * Of a job of a cloud service, which shows figures and no answers: what it is called there, the last step that it told of, and the model
   * that came out, as `provider:model`. Null: whoever trained showed every answer.
   */
  hosted: z
    .strictObject({ job: z.string(), steps: z.int().nonnegative(), model: z.string() })
    .nullable()
    .default(null),
});
export type EngineRecord = z.output<typeof engineRecordSchema>;
