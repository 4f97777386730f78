import { z } from 'zod';

/** JSON writers and readers of many languages lose a member of this name, or make it something else. */
const name = z
  .string()
  .min(1)
  .refine((text) => text !== '__proto__', 'expected another name than "__proto__"');
const hashes = z.record(z.string(), z.string().min(1)).optional();
const score = z.number().min(0).max(1).nullish();

/**
 * One line of `records.jsonl`: an answer of one model with its scores, each 0–1. Only `model` and `task` are needed, so that figures from
 * elsewhere can be compared. What is null or left out is not known: an abstention.
 */
export const evaluationRowSchema = z.strictObject({
  model: name,
  task: z.string().min(1),
  sample: z.int().nonnegative().default(0).describe('Which of the answers to this task.'),
  training: z
    .int()
    .nonnegative()
    .optional()
    .describe('Seed of the training, of a model that was trained several times.'),
  judge: score.describe('By the judge that is trained against.'),
  heldout: score.describe('By a judge that training never saw.'),
  truth: score.describe('Against ground truth.'),
  valid: z.boolean().nullish().describe("Whether it is valid under the task's JSON Schema."),
  scores: z.record(z.string(), score).default({}).describe('By other judges and graders, by name.'),
  components: z
    .record(z.string(), z.number().min(0).max(1))
    .default({})
    .describe('Each check and criterion.'),
  tokens: z.number().nonnegative().nullish().describe('Tokens of the answer.'),
  length: z.number().nonnegative().nullish().describe('Characters of the answer.'),
  cluster: z
    .string()
    .optional()
    .describe('What tasks that are not independent have in common, such as their document.'),
  slices: z.record(z.string(), z.string()).default({}).describe("Values of the task's fields."),
  asked: hashes.describe(
    'Hashes of what was asked and of what judges were shown of the task, by part. Answers of one id with other ones are not compared.',
  ),
  by: hashes.describe(
    'Fingerprints of who gave the scores, by metric. Scores by other ones are not compared.',
  ),
});
/** As it stands in the file: what has a default may be left out. */
export type EvaluationRow = z.input<typeof evaluationRowSchema>;
export type EvaluationRowRead = z.output<typeof evaluationRowSchema>;

/** One line of `duels.jsonl`: two models' answers to one task, compared by a preference judge in both orders. */
export const duelRowSchema = z.strictObject({
  task: z.string().min(1),
  sample: z.int().nonnegative().default(0).describe('Which of the answers to this task.'),
  a: z.string().min(1).describe('The model whose win is 1.'),
  b: z.string().min(1),
  outcome: z
    .union([z.literal(1), z.literal(0.5), z.literal(0)])
    .nullable()
    .describe('1: a has won, 0.5: a tie, 0: b has won; null: no verdict.'),
  consistent: z.boolean().describe('Whether both orders said the same. Where not, it counts as a tie.'),
});
export type DuelRow = z.input<typeof duelRowSchema>;
export type DuelRowRead = z.output<typeof duelRowSchema>;
