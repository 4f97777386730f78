import { judgeSchema, modelFields, rewardSchema } from '@touchstone/core';
import { gateSchema, metricsSchema, monitorsSchema } from '@touchstone/lab';
import { engineSchema, samplingSchema, trainingSchema } from '@touchstone/train/schema';
import { z } from 'zod';
import { awsSchema } from './aws-schema.js';
import { answerCallsSchema, evaluationSchema } from './evaluation-schema.js';
import { seedsSchema } from './seeds.js';

const count = z.int().min(1);
const file = z.string().min(1);

const { model } = modelFields;

const policySchema = z.strictObject({
  model: model.describe(
    'The model to train: local:FOLDER, a Hugging Face folder of the Llama family; or, for a trainer of AWS, the base as Bedrock serves it',
  ),
  ...samplingSchema.shape,
  calls: answerCallsSchema
    .optional()
    .describe(
      'How a policy behind an API is asked, when it is evaluated: limits, price, what its requests hold',
    ),
});

const dataSchema = z.strictObject({
  train: file.describe('Tasks without answers, JSON Lines in the OpenAI / Amazon Nova RFT format'),
  eval: file.describe('Held-out tasks, same format, never trained on'),
  annotations: file.optional().describe('Tasks that end with an assistant turn, for supervised fine-tuning'),
  labelled: file
    .optional()
    .describe('Answers with labels per criterion, by one person or several (raters), to examine the judge'),
  regression: file
    .optional()
    .describe('Cases of which it is known what the judge must say: bands of scores, orders, invariances'),
  outcomes: file
    .optional()
    .describe(
      'Answers that were in production and what came of them by metric, for "touchstone judge align"',
    ),
});

const validationSchema = z.strictObject({
  dev_share: z
    .number()
    .min(0)
    .max(0.8)
    .default(0)
    .describe(
      'Share of the labelled tasks to write the judge with, by "touchstone judge --dev"; the gate never sees them',
    ),
  repeats: count
    .max(100)
    .default(3)
    .describe('Times each labelled answer is judged, to measure how often the judge changes its mind'),
  probes: z
    .int()
    .min(0)
    .default(40)
    .describe(
      'Tasks with labelled answers that each group of probes is made from: nothing in 40 means at most 8.8 %; 0 asks none',
    ),
  variants: z
    .int()
    .min(0)
    .default(40)
    .describe(
      'Labelled tasks about which the judge is also asked in other ways, which must not matter: its criteria in reverse order, ' +
        'in other words, on another scale. One answer of each task, of a judge that compares all of them; 0 asks none',
    ),
});

/** The whole of `touchstone.yaml`. Paths in it are relative to the file's folder. */
export const configSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[\w][\w. -]*$/u, 'expected letters, digits, spaces, dots, dashes or underscores')
    .default('touchstone')
    .describe("The run's name in reports"),
  seed: z.int().min(0).default(1).describe('Everything random is drawn from this number'),
  seeds: seedsSchema
    .optional()
    .describe(
      'Trainings of one run, which differ in their seed: how many from seed on, or which. Every claim is then about all of them',
    ),
  output: file.default('runs/touchstone').describe("The run's folder; running again resumes what is in it"),
  policy: policySchema.describe('The model that is trained'),
  data: dataSchema.describe('JSON Lines files'),
  judge: judgeSchema.describe('The language model that scores answers'),
  heldout_judge: judgeSchema
    .optional()
    .describe('A second judge that is never trained against, to see reward hacking'),
  reward: rewardSchema.prefault({}).describe('Checks and judge, weighted into one score of 0 to 1'),
  engine: engineSchema.prefault({}).describe('How the models of this machine share it with others'),
  aws: awsSchema.prefault({}).describe('The reward function in AWS Lambda'),
  validation: validationSchema.prefault({}).describe('How the judge is examined before training'),
  gate: gateSchema
    .default({})
    .describe(
      "Thresholds in place of those of the default gate, by finding; they hold for the interval's bound, not for the mean. " +
        'FINDING: off takes one away; off alone turns the gate off',
    ),
  training: trainingSchema.prefault({}).describe('Reinforcement fine-tuning'),
  metrics: metricsSchema
    .optional()
    .describe(
      'What the product is measured by in production, by name, and which criteria of the judge should go with it: "touchstone judge align" says whether they do',
    ),
  monitors: monitorsSchema
    .prefault({})
    .describe(
      'How a training is watched: by monitor a threshold and an action (note, warn, pause, rollback), or off',
    ),
  evaluation: evaluationSchema
    .prefault({})
    .describe('How base, SFT and RFT are compared on data.eval; and what touchstone eval compares'),
});

/** A configuration with every default filled in. */
export type Config = z.output<typeof configSchema>;

/** What examining the judge needs of a configuration: the policy and its tasks are for training. */
export const examinationSchema = configSchema.extend({
  policy: policySchema.optional(),
  data: dataSchema.partial().prefault({}),
});
export type ExaminationConfig = z.output<typeof examinationSchema>;

/** What scoring needs of a configuration: a policy and data are for training, and checks may decide without a judge. */
export const scoringSchema = configSchema.extend({
  policy: policySchema.optional(),
  data: dataSchema.partial().optional(),
  judge: judgeSchema.optional(),
});
export type ScoringConfig = z.output<typeof scoringSchema>;
