import { z } from 'zod';
import { engineRecordSchema } from './engine.js';
import { estimateSchema } from './estimate.js';

/** Which checkpoint reinforcement has come to, by scores on validation tasks. */
const chosenCheckpointSchema = z.strictObject({
  step: z.int(),
  /** The step with the highest mean score, and the number of checkpoints that were scored. */
  highest: z.int(),
  of: z.int(),
  /** `earliest`: as good as the highest, as far as can be seen. `last`: no checkpoint could be told from another. */
  because: z.enum(['highest', 'earliest', 'last']),
  /** Of the highest less the chosen one, paired by task; null where they are one. */
  difference: estimateSchema.nullable(),
  /** Validation tasks, none of them among those of training or evaluation. */
  tasks: z.int(),
  scored_by: z.enum(['judge', 'held-out judge']),
});
export type ChosenCheckpoint = z.infer<typeof chosenCheckpointSchema>;

/** Which checkpoint and why, in a sentence. */
export function checkpointText(chosen: ChosenCheckpoint): string {
  const { step, highest, of, because, difference, tasks, scored_by } = chosen;
  const by = `${tasks} validation tasks by the ${scored_by}`;
  if (because === 'last')
    return `Step ${step}, the last: on ${by}, no checkpoint of ${of} is shown to be better than another.`;
  if (because === 'highest') return `Step ${step}: of ${of} checkpoints it scores highest on ${by}.`;
  const [mean, low, high] = difference
    ? [difference.mean, difference.low, difference.high].map((value) => value.toFixed(3))
    : [];
  const below = difference ? ` (which is ${mean} [${low}, ${high}] above it)` : '';
  return (
    `Step ${step}: the earliest checkpoint that is kept and within the standard error of the highest of ${of}, ` +
    `step ${highest}${below}, on ${by}.`
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
