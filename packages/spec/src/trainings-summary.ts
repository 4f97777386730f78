import { z } from 'zod';
import { digestSchema } from './estimate.js';
import { summarySchema, type Summary } from './summary.js';

/** Rises when a reader of older files would misread a newer one. */
export const TRAININGS_SUMMARY_VERSION = 1;

/** What the summary of one training says and the others' do not. */
const trainingSchema = summarySchema.pick({
  seed: true,
  models: true,
  comparisons: true,
  training: true,
  steps: true,
  stages: true,
  alarms: true,
  monitor_alarms: true,
  resumed: true,
});

/**
 * Every figure of a run of several trainings, which differ in their seed: its `summary.json`. That of each training, a summary like any
 * other, is in the training's folder.
 */
export const trainingsSummarySchema = z.strictObject({
  /** Tells it from the summary of one training. */
  kind: z.literal('trainings'),
  version: z.literal(TRAININGS_SUMMARY_VERSION),
  digest: digestSchema,
  ...summarySchema.pick({ name: true, created: true, versions: true, data: true }).shape,
  /** The seed of what the trainings share: the judge, its examination, and the evaluation of models that are not trained. */
  seed: z.int(),
  /** Models that are not trained: they were evaluated once, and n of their figures is the number of tasks. */
  untrained: z.array(z.string()),
  /** By model. The intervals are over trainings, tasks and answers, and n is the number of trainings. */
  models: summarySchema.shape.models,
  /** Likewise, paired by training and task. */
  comparisons: summarySchema.shape.comparisons,
  /** What it cost and said is of all trainings together. */
  judge: summarySchema.shape.judge,
  /** In the order of their seeds. `folder` is relative to this file's. */
  trainings: z
    .array(z.strictObject({ ...trainingSchema.shape, folder: z.string().regex(/^seed-\d+$/) }))
    .min(2),
  /** What somebody should look at that is of no single training. */
  alarms: z.array(z.string()),
});
export type TrainingsSummary = z.infer<typeof trainingsSummarySchema>;

/** Whether a summary is of several trainings. */
export const isOfTrainings = (summary: Summary | TrainingsSummary): summary is TrainingsSummary =>
  'trainings' in summary;
