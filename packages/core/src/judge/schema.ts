import { z } from 'zod';
import { callsSchema } from '../dispatch/schema.js';
import { isTaskPath } from '../text/task-path.js';
import { modelFields } from '../providers/schema.js';
import { criteriaSchema, name } from './criterion.js';
import { labelModelSchema, scoreModelSchema } from './grader/schema.js';
import { aggregateSchema } from './rubric/aggregate.js';
import { checkRules, ruleSchema } from './rubric/rules.js';

/** What every judge has that asks a model itself. What `callsSchema` has is for its dispatcher. */
const askingFields = {
  ...modelFields,
  objective: z.string().min(1).meta({ description: 'What is judged, in a sentence or two' }),
  /** Replaces the default template. `{{name}}` is filled once; unknown names are refused. */
  prompt: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'Replaces the default prompt; {{name}} is filled in' }),
  /** Names for the prompt, each with its place in the task: `document: metadata.document`. */
  inputs: z
    .record(name, z.string())
    .default({})
    .meta({ description: 'Names for the prompt and where in the task they are' }),
  /** Tokens of one reply; providers reserve quota for it when a call starts. */
  max_tokens: z.int().positive().default(1024).meta({ description: 'Tokens of one reply' }),
  temperature: z.number().min(0).max(2).default(0).meta({ description: '0 is the steadiest' }),
  /** Each time under a new marker, and a group in a new order. Only replies that cannot be read are asked for again. */
  tries: z
    .int()
    .positive()
    .max(10)
    .default(2)
    .meta({ description: 'Times to ask while the reply cannot be read' }),
  /** Longer candidates are cut, and the prompt says so. */
  max_candidate_characters: z
    .int()
    .positive()
    .default(20_000)
    .meta({ description: 'Longer candidates are cut' }),
  ...callsSchema.shape,
};

export const rubricSchema = z
  .strictObject({
    kind: z.literal('rubric').optional().default('rubric').meta({
      description:
        'rubric: each answer by itself; preference, group: answers compared; panel, cascade: of several judges',
    }),
    ...askingFields,
    /** `item`: every element of the JSON list that is the answer; `answer`: the whole answer. */
    unit: z
      .enum(['item', 'answer'])
      .default('answer')
      .meta({ description: 'item: each element of a JSON list; answer: all of it' }),
    criteria: criteriaSchema,
    criteria_per_call: z.int().positive().optional().meta({
      description: 'Criteria decided in one call; all by default. After a failed veto no more are asked',
    }),
    rules: z.array(ruleSchema).default([]).meta({
      description: 'Rules that decide a criterion whatever the judge says; told to it, and checked in code',
    }),
    logprobs: z
      .int()
      .min(2)
      .max(20)
      .optional()
      .meta({ description: 'Score by the expected value over this many alternatives of each score token' }),
    /** Items beyond these are not judged and score 0. */
    max_items: z
      .int()
      .positive()
      .default(8)
      .meta({ description: 'Items judged of one answer; further ones score 0' }),
    aggregate: aggregateSchema,
  })
  .superRefine(checkRules)
  .meta({ id: 'rubric_judge' });
export type RubricConfig = z.output<typeof rubricSchema>;

export const preferenceSchema = z
  .strictObject({
    kind: z.literal('preference').meta({ description: 'Two answers side by side, in both orders' }),
    ...askingFields,
    prefer: z
      .array(z.string().min(1))
      .min(1)
      .meta({ description: 'What makes one answer better than another, the most important first' }),
    against: z
      .enum(['siblings', 'reference'])
      .default('siblings')
      .meta({ description: 'siblings: the other answers of the group; reference: an answer of the task' }),
    reference: z
      .string()
      .refine(isTaskPath, 'expected prompt, reference, reference.NAME or metadata.NAME')
      .default('reference')
      .meta({ description: 'Where in the task the answer is that against: reference compares with' }),
    ties: z.boolean().default(true).meta({ description: 'Whether the judge may call two answers equal' }),
    /** A round robin of n answers is n(n−1) calls, a pivot about 2n. */
    round_robin_up_to: z
      .int()
      .min(2)
      .default(5)
      .meta({ description: 'Larger groups compare each answer with the pivots only' }),
    pivots: z.int().min(1).default(1).meta({ description: 'Answers of a large group that all others meet' }),
    quorum: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .meta({ description: 'Share of its comparisons without which an answer has no score' }),
  })
  .meta({ id: 'preference_judge' });
export type PreferenceConfig = z.output<typeof preferenceSchema>;

export const groupSchema = z
  .strictObject({
    kind: z.literal('group').meta({
      description:
        'The whole group in one call; where that fails each answer by itself, with the default prompt',
    }),
    ...askingFields,
    /** One reply speaks of all answers. */
    max_tokens: askingFields.max_tokens.unwrap().default(4096).meta({ description: 'Tokens of one reply' }),
    criteria: criteriaSchema,
    mode: z
      .enum(['score', 'rank'])
      .default('score')
      .meta({ description: 'score: each answer on every criterion; rank: from best to worst' }),
    max_answers: z
      .int()
      .min(2)
      .max(64)
      .default(16)
      .meta({ description: 'Answers in one call; larger groups are judged in parts' }),
    max_group_characters: z
      .int()
      .positive()
      .default(100_000)
      .meta({ description: 'Characters of all answers in one call; larger groups are judged in parts' }),
  })
  .meta({ id: 'group_judge' });
export type GroupConfig = z.output<typeof groupSchema>;

/** Judges that ask a model themselves. */
const SINGLE = [rubricSchema, preferenceSchema, groupSchema, scoreModelSchema, labelModelSchema] as const;
const singleSchema = z.discriminatedUnion('kind', SINGLE);
export type SingleJudgeConfig = z.output<typeof singleSchema>;

const panelSchema = z
  .strictObject({
    kind: z.literal('panel').meta({ description: 'Several judges, put together' }),
    members: z.record(name, singleSchema).meta({ description: 'The judges, each with a name' }),
    combine: z
      .enum(['mean', 'median', 'majority', 'worst', 'mean-minus-spread'])
      .default('mean')
      .meta({ description: 'How their scores become one' }),
    pass: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .meta({ description: 'Score from which a member votes yes, for combine: majority' }),
    spread_weight: z
      .number()
      .nonnegative()
      .default(1)
      .meta({ description: 'Standard deviations taken off the mean, for combine: mean-minus-spread' }),
    quorum: z
      .int()
      .positive()
      .optional()
      .meta({ description: 'Members that must have a score; more than half by default' }),
  })
  .superRefine(({ members, quorum }, context) => {
    const size = Object.keys(members).length;
    const fail = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
    if (size < 2) fail('members', `a panel needs at least two members, got ${size}`);
    else if (quorum !== undefined && quorum > size)
      fail('quorum', `expected at most ${size}, the number of members`);
  })
  .meta({ id: 'panel_judge' });
export type PanelConfig = z.output<typeof panelSchema>;

const stageSchema = z.discriminatedUnion('kind', [...SINGLE, panelSchema]);

const cascadeSchema = z
  .strictObject({
    kind: z.literal('cascade').meta({ description: 'A cheap judge first, the strong one when it is unsure' }),
    first: stageSchema.meta({ description: 'Judges everything' }),
    second: stageSchema.meta({ description: 'Judges what the first is unsure of or abstained from' }),
    unsure: z
      .strictObject({
        between: z
          .tuple([z.number().min(0).max(1), z.number().min(0).max(1)])
          .refine(([low, high]) => low <= high, 'expected the lower score first')
          .optional()
          .meta({ description: 'Scores of the first judge in this band are unsure, for example [0.4, 0.6]' }),
        repeats: z
          .int()
          .min(1)
          .max(16)
          .default(1)
          .meta({ description: 'Times the first judge is asked; its score is their mean' }),
        disagreement: z
          .number()
          .min(0)
          .max(1)
          .optional()
          .meta({ description: 'Unsure when highest and lowest of the repeats differ by more' }),
        entropy: z
          .number()
          .min(0)
          .max(1)
          .optional()
          .meta({ description: 'Unsure when any score token is less certain; 0 to 1, needs logprobs' }),
      })
      .prefault({})
      .meta({ description: 'When the second judge is asked; always when the first abstained' }),
  })
  .superRefine(({ first, unsure }, context) => {
    const fail = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: ['unsure', key], message });
    if (unsure.disagreement !== undefined && unsure.repeats < 2)
      fail('disagreement', 'set unsure.repeats to 2 or more, to see the first judge change its mind');
    if (unsure.entropy !== undefined && !('logprobs' in first && first.logprobs !== undefined))
      fail('entropy', 'set first.logprobs (kind: rubric): the entropy is of the score tokens');
  })
  .meta({ id: 'cascade_judge' });
export type CascadeConfig = z.output<typeof cascadeSchema>;

/** One judge of `touchstone.yaml`. */
export const judgeSchema = z.discriminatedUnion('kind', [...SINGLE, panelSchema, cascadeSchema]);
export type JudgeConfig = z.output<typeof judgeSchema>;
