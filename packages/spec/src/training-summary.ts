import { z } from 'zod';
import { engineRecordSchema } from './engine.js';
import { estimateSchema } from './estimate.js';

/** Which checkpoint reinforcement has come to, by scores on validation tasks. */
const chosenCheckpointSchema = z.strictObject({
  step: z.int(),
  /** The step with the highest mean score, the number of checkpoints that have a score, and the number of all; null in older files. */
  highest: z.int(),
  of: z.int(),
  checkpoints: z.int().nullable().default(null),
  /**
   * `last`: it is not shown to be worse than the highest. `not-compared`: the last again, which has fewer than two tasks with a score in common with the
   * highest. `neighbours`: the last is worse, and of those that are not this one has the best neighbours.
   */
  because: z.enum(['last', 'not-compared', 'neighbours']),
  /** Of the highest less the last, paired by task; null where they are one, or cannot be compared. */
  difference: estimateSchema.nullable(),
  /** Validation tasks, none of them among those of training or evaluation. */
  tasks: z.int(),
  /** Answers to them that have no score, of all checkpoints; null in older files. */
  silent: z.int().nullable().default(null),
  scored_by: z.enum(['judge', 'held-out judge']),
});
export type ChosenCheckpoint = z.infer<typeof chosenCheckpointSchema>;

/** Which checkpoint and why, in a sentence. */
export function checkpointText(chosen: ChosenCheckpoint): string {
  const { step, highest, of, checkpoints, because, difference, tasks, silent, scored_by } = chosen;
  const all = checkpoints ?? of;
  const scored = all === of ? `${of} checkpoints` : `${of} checkpoints with a score (of ${all})`;
  const without = silent ? ` (${silent} of ${all * tasks} answers have no score)` : '';
  const on = `on ${tasks} validation tasks, scored by the ${scored_by}${without}`;
  const shown = difference
    ? `: ${[difference.mean, difference.low, difference.high].map((value) => value.toFixed(3)).join(', ')} (mean, 95 % interval)`
    : '';
  if (because === 'last') {
    return highest === step
      ? `step ${step}, the last, which scores highest of ${scored} ${on}.`
      : `step ${step}, the last: the highest of ${scored}, step ${highest}, is not shown to be better ${on}${shown}.`;
  }
  if (because === 'not-compared') {
    return (
      `step ${step}, the last: it could not be compared with the highest of ${scored}, step ${highest}, ${on}: ` +
      'fewer than two tasks have a score of both.'
    );
  }
  return (
    `step ${step} of ${scored}, not the last, which is more than a standard error below the highest, step ${highest}, ` +
    `${on}${shown}. Of those that are not, it has the best neighbours.`
  );
}

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
      /** One entry a look: the mean loss of the steps since the one before, and the loss on the answers that are held back. Older files have none. */
      curve: z
        .array(z.strictObject({ step: z.int(), loss: z.number(), validation_loss: z.number() }))
        .default([]),
    })
    .nullable(),
  /** The one that was evaluated, where validation chose it (`training.save_top_k`); null: the last, as in older files. */
  checkpoint: chosenCheckpointSchema.nullable().default(null),
});
