import { z } from 'zod';
import { digestSchema, estimateSchema } from './estimate.js';

/** Rises when a reader of older files would misread a newer one. */
export const EVALUATION_SUMMARY_VERSION = 1;

const estimate = estimateSchema.nullable();
const count = z.int().nonnegative();
const described = <T extends z.ZodType>(schema: T, text: string): T => schema.describe(text);

/** One k of a curve over the number of answers that are drawn to a task. */
const passSchema = z.strictObject({
  metric: described(z.string(), 'What an answer passes by.'),
  threshold: described(z.number(), 'An answer passes with at least this score.'),
  k: z.int().positive(),
  estimate: described(
    estimate,
    'Chance that k answers to a task all pass, over tasks with at least k; null: too few.',
  ),
});

const bestOfSchema = z.strictObject({
  k: z.int().positive(),
  judge: described(estimate, 'Score by the judge of the answer that it picks of k.'),
  heldout: described(estimate, 'Score by the held-out judge of that answer.'),
  truth: described(estimate, 'Score against ground truth of that answer.'),
});

const sliceSchema = z.strictObject({
  field: z.string(),
  value: z.string(),
  tasks: count,
  metrics: z.record(z.string(), estimate),
});

const evaluatedModelSchema = z.strictObject({
  tasks: described(count, 'Tasks with an answer of this model.'),
  clusters: described(
    count,
    'Groups of tasks that are independent of each other; as many as tasks where none were named.',
  ),
  answers: count,
  trainings: described(count, 'Trainings (seeds) of this model; 1: one, or it is not known.'),
  abstained: described(
    count,
    'Answers that the judge was asked about and has no score of; 0 where there is no judge.',
  ),
  metrics: described(
    z.record(z.string(), estimate),
    'By metric, the score of other judges and graders under their own names. Over tasks, the answers of a task averaged first; n is the number of clusters, of several trainings that of trainings.',
  ),
  components: described(z.record(z.string(), estimate), 'Each check and criterion that was reached.'),
  tokens: described(estimate, 'Mean tokens of an answer.'),
  length: described(estimate, 'Mean characters of an answer.'),
  pass: described(z.array(passSchema), 'pass^k; empty where no metric says what passes.'),
  best_of: described(z.array(bestOfSchema), 'Best of k.'),
  slices: described(z.array(sliceSchema), "The metrics by each value of the tasks' fields."),
});
export type EvaluatedModel = z.infer<typeof evaluatedModelSchema>;

/** What is shown of a difference: `undecided` where its corrected interval has 0; `none`: there was not enough to measure. */
const shownSchema = z.enum(['higher', 'lower', 'undecided', 'none']);
export type Shown = z.infer<typeof shownSchema>;

/**
 * What became of the figure at equal length: null, it is one; `equal`, lengths never differ; `unknown`, they are not known; `never-equal`, one model's
 * answers are longer in every task, so that it would be a guess; `trainings`, there are several; `few`, there is too little data.
 */
const lengthNoteSchema = z.enum(['equal', 'unknown', 'never-equal', 'trainings', 'few']).nullable();
export type LengthNote = z.infer<typeof lengthNoteSchema>;

/** The ends of an interval that holds at once with those of all other pairs of the metric. */
const endsSchema = z.strictObject({ low: z.number(), high: z.number() }).nullable();

const pairSchema = z.strictObject({
  metric: z.string(),
  model: z.string(),
  baseline: z.string(),
  tasks: described(count, 'Tasks that both have a score of.'),
  difference: described(estimate, 'Mean of model minus baseline, paired by task; 95 % for itself.'),
  corrected: described(endsSchema, 'Ends of the interval corrected for all pairs of this metric.'),
  shown: shownSchema,
  wins: described(
    estimate,
    "Share of the pairs of answers to a task of which the model's scores higher, ties half; over tasks.",
  ),
  length_controlled: described(
    estimate,
    'The difference at equal length: regressed on the difference of log length and read at 0.',
  ),
  length_note: lengthNoteSchema,
});
export type EvaluatedPair = z.infer<typeof pairSchema>;

const duelsSchema = z.strictObject({
  model: z.string(),
  baseline: z.string(),
  judged: described(count, 'Pairs of answers with a verdict.'),
  silent: described(count, 'Pairs of answers without one.'),
  inconsistent: described(
    count,
    'Of those with a verdict, how many the judge decided otherwise in the other order: they count half.',
  ),
  wins: count,
  ties: described(count, 'Consistent ties.'),
  losses: count,
  win_rate: described(estimate, 'Share that the model wins, ties and inconsistent ones half; over tasks.'),
  corrected: endsSchema,
  shown: described(shownSchema, 'Against one half.'),
  length_controlled: described(estimate, 'The same at equal length.'),
  length_note: lengthNoteSchema,
});

const regressionSchema = z.strictObject({
  metric: z.string(),
  model: z.string(),
  baseline: z.string(),
  slice: described(
    z.strictObject({ field: z.string(), value: z.string() }).nullable(),
    'Where it is worse; null: over all tasks.',
  ),
  tasks: count,
  difference: estimateSchema,
  corrected: described(
    endsSchema,
    'For the pairs of the metric, and within slices for all slices of the pair.',
  ),
});

const worseTasksSchema = z.strictObject({
  metric: z.string(),
  model: z.string(),
  baseline: z.string(),
  worse: described(count, 'Tasks on which the model scores lower than the baseline.'),
  tasks: described(
    z.array(z.strictObject({ task: z.string(), model: z.number(), baseline: z.number() })),
    'Those that lost most, with both scores, the worst first. Each is a task by itself: no interval.',
  ),
});

const dipSchema = z.strictObject({
  model: z.string(),
  below_earlier: described(z.string(), 'An earlier checkpoint that it is shown to be below.'),
  below_later: described(z.string(), 'A later one.'),
});

const curveSchema = z.strictObject({
  metric: z.string(),
  dips: z.array(dipSchema),
  highest: described(z.string(), 'The highest mean, which is partly the luckiest.'),
  best: described(z.string(), 'The one that the scores speak for.'),
  because: described(
    z.enum(['last', 'not-compared', 'neighbours']),
    '`last`: it is not shown to be worse than the highest. `not-compared`: the last again, which has fewer than two tasks (or clusters) with a score in common with the highest. `neighbours`: the last is worse, and of those that are not, this one has the best neighbours.',
  ),
  scored: described(
    count.optional(),
    'Checkpoints that have a score by this metric; absent: an older version wrote it.',
  ),
  better_than: described(z.array(z.string()), 'Checkpoints that the best is shown to be above.'),
  not_told_apart: described(z.array(z.string()), 'Checkpoints that it cannot be told apart from.'),
  worse_than: described(z.array(z.string()), 'Checkpoints that it is shown to be below.'),
});

/** Whether a difference by the judge holds under another one. */
const swapSchema = z.strictObject({
  model: z.string(),
  baseline: z.string(),
  shown: described(shownSchema, 'By the judge itself.'),
  judges: z.array(
    z.strictObject({
      judge: described(z.string(), 'The metric that it gives.'),
      difference: estimate,
      shown: shownSchema,
      outcome: described(
        z.enum(['holds', 'silent', 'same-sign', 'turns-around', 'nothing-shown', 'no-data']),
        '`holds`: the same sign, and shown. `silent`: likewise, but answers without a score could turn it round. `same-sign`: the same, not shown. `turns-around`: the other sign. `nothing-shown`: by the judge itself none is.',
      ),
    }),
  ),
});

/** Every figure of a comparison of models on the same tasks: `evaluation.json`. */
export const evaluationSummarySchema = z.strictObject({
  kind: described(z.literal('evaluation'), 'Tells it from the summary of a training.'),
  version: z.literal(EVALUATION_SUMMARY_VERSION),
  digest: digestSchema,
  name: z.string(),
  created: z.string(),
  versions: z.record(z.string(), z.string()),
  seed: described(z.int().nullable(), 'Of the answers that were drawn for it; null: none were.'),
  baseline: described(
    z.string().nullable(),
    'What the others are held against first; null: there is one model.',
  ),
  order: described(
    z.array(z.string()),
    'Models that are checkpoints of one training, in order; empty: none are.',
  ),
  tasks: described(count, 'Tasks that any model has answered.'),
  common_tasks: described(count, 'Tasks that every model has answered.'),
  clustered: described(z.boolean(), 'Whether intervals are over clusters that hold several tasks.'),
  metrics: described(z.array(z.string()), 'In the order of tables.'),
  main_metric: described(
    z.string().nullable(),
    'The one that the verdict is about: the judge where there is one.',
  ),
  models: z.record(z.string(), evaluatedModelSchema),
  model_order: described(z.array(z.string()), 'The models as they were given.'),
  pairs: z.array(pairSchema),
  duels: z.array(duelsSchema),
  regressions: z.array(regressionSchema),
  worse_tasks: z.array(worseTasksSchema),
  curves: described(z.array(curveSchema), 'One for each metric, of the checkpoints in order.'),
  judge_swap: z.array(swapSchema),
  files: described(
    z.record(z.string(), z.string()).optional(),
    'SHA-256 of the files beside it that it was made of, by name; absent: an older version wrote it, or they are elsewhere.',
  ),
  remarks: described(
    z.array(z.string()),
    'What a reader should know of the data, such as tasks that some models lack.',
  ),
});
export type EvaluationSummary = z.infer<typeof evaluationSummarySchema>;
