import { callsSchema, isTaskPath, judgeSchema, modelFields } from '@touchstone/core';
import { z } from 'zod';

const count = z.int().min(1);
const file = z.string().min(1);
const { model, ...modelSettings } = modelFields;

/** How a model behind an API is asked for answers. */
export const answerCallsSchema = z
  .strictObject({ ...modelSettings, ...callsSchema.shape })
  .omit({ fallbacks: true });

/** What a model is called. */
export const modelName = z
  .string()
  .regex(
    /^[\p{L}\p{N}][^\p{Cc}\p{Cf}]{0,99}$/u,
    'expected a name that begins with a letter or a digit, of at most 100',
  );

/** A model to evaluate that answers when it is asked, and how. */
const askedSchema = z
  .strictObject({
    model: model.describe('provider:model, or local:FOLDER'),
    max_tokens: count.optional().describe('Tokens an answer may have. Default: that of policy, else 512'),
    ...answerCallsSchema.shape,
    temperature: z
      .number()
      .min(0)
      .nullable()
      .optional()
      .describe(
        'Of the answers. Default: that of policy, else 1; null leaves it out, for models that refuse it',
      ),
  })
  .describe('A model that answers the tasks of data.eval');
export type AskedModel = z.output<typeof askedSchema>;

const storedSchema = z
  .strictObject({ answers: file.describe('A file of answers, in one of the formats of docs/evaluation.md') })
  .describe('Answers that were stored');

const ofRunSchema = z
  .strictObject({
    run: file.describe("A run's folder, of one training or of several, or that of an earlier evaluation"),
    model: z
      .string()
      .min(1)
      .optional()
      .describe('Which of its models. Default: the one of this name, else rft, else its only one'),
  })
  .describe('Answers of a model that was evaluated before: they are judged again, and not drawn again');

const evaluatedSchema = z.union([
  askedSchema,
  storedSchema,
  ofRunSchema,
  model.transform((text) => askedSchema.parse({ model: text })),
]);
/** One entry of `evaluation.models`. */
export type EvaluatedConfig = z.output<typeof evaluatedSchema>;

const taskPath = z.string().refine(isTaskPath, 'expected prompt, reference, reference.NAME or metadata.NAME');

/** `evaluation:` of `touchstone.yaml`. What `touchstone run` reads of it comes first. */
export const evaluationSchema = z.strictObject({
  tasks: count.optional().describe('Held-out tasks to use at most; all by default'),
  samples: count.default(1).describe('Answers per task and model'),
  best_of: count.default(4).describe('k of best-of-k: the best judge score among k sampled answers'),
  truth: file
    .optional()
    .describe(
      'ES module whose default export (task, response) => number in 0 to 1 knows the truth; training never sees it',
    ),
  models: z
    .record(modelName, evaluatedSchema)
    .optional()
    .describe('For touchstone eval: the models by name, the one first that the others are held against'),
  order: z
    .array(modelName)
    .min(2)
    .optional()
    .describe('For touchstone eval: models that are checkpoints of one training, in order'),
  judges: z
    .record(modelName, judgeSchema)
    .optional()
    .describe('For touchstone eval: further judges by name. Does a difference hold under them, too?'),
  judge_variants: z
    .boolean()
    .optional()
    .describe(
      'For touchstone eval: true asks the judge also in other ways, which must not matter: criteria in reverse order, in other words, on another scale',
    ),
  pass_score: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('For touchstone eval: an answer passes with at least this score, for pass^k'),
  cluster: taskPath
    .optional()
    .describe(
      'For touchstone eval: what tasks that are not independent have in common, such as metadata.document',
    ),
  slices: z
    .array(taskPath)
    .optional()
    .describe('For touchstone eval: fields of the tasks that figures are cut by, such as metadata.topic'),
  scales: z
    .record(
      z.string().min(1),
      z
        .tuple([z.number(), z.number()])
        .refine(([low, high]) => low !== high, 'expected two different numbers'),
    )
    .optional()
    .describe(
      'For touchstone eval: by grader of stored answers, what of its scores becomes 0 and what becomes 1, such as [1, 5]',
    ),
});
export type EvaluationConfig = z.output<typeof evaluationSchema>;

/** Of `evaluation`, what decides a run of `touchstone run`: all else is for `touchstone eval`. */
export const RUN_KEYS: ReadonlySet<string> = new Set(['tasks', 'samples', 'best_of', 'truth']);
