import { z } from 'zod';
import { callsSchema } from '../dispatch/schema.js';
import { modelFields } from '../providers/schema.js';

const name = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]*$/, 'expected a name of letters, digits, _ and -, starting with a letter');

const criterionSchema = z
  .strictObject({
    name: name.meta({ description: 'Used in prompts, replies and reports' }),
    /** One question with one answer; a compound question cannot be half met. */
    question: z.string().min(1).meta({ description: 'What the judge decides, as one question' }),
    /** `boolean`: true is good. `graded`: an integer with written anchors. */
    scale: z
      .enum(['boolean', 'graded'])
      .default('boolean')
      .meta({ description: 'boolean: true is good; graded: needs anchors' }),
    anchors: z
      .record(z.string().regex(/^-?\d{1,3}$/, 'expected a whole number'), z.string().min(1))
      .optional()
      .meta({ description: 'What each score means, for example 1: ..., 5: ... The lowest is the worst' }),
    weight: z
      .number()
      .positive()
      .default(1)
      .meta({ description: 'Share in the score, relative to the other criteria' }),
  })
  .superRefine((criterion, context) => {
    const levels = Object.keys(criterion.anchors ?? {}).length;
    const fail = (message: string) => context.addIssue({ code: 'custom', path: ['anchors'], message });
    if (criterion.scale === 'graded' && levels < 2) {
      fail('a graded criterion needs anchors for at least its lowest and its highest score');
    }
    if (criterion.scale === 'boolean' && criterion.anchors)
      fail('a boolean criterion has no anchors; set scale: graded');
  });

/** One judge of `touchstone.yaml`. What `callsSchema` has is for its dispatcher. */
export const judgeSchema = z.strictObject({
  ...modelFields,
  /** `item`: every element of the JSON list that is the answer; `answer`: the whole answer. */
  unit: z
    .enum(['item', 'answer'])
    .default('answer')
    .meta({ description: 'item: each element of a JSON list; answer: all of it' }),
  objective: z.string().min(1).meta({ description: 'What is judged, in a sentence or two' }),
  criteria: z
    .array(criterionSchema)
    .min(1)
    .superRefine((criteria, context) => {
      criteria.forEach((criterion, i) => {
        if (criteria.findIndex((other) => other.name === criterion.name) !== i) {
          context.addIssue({
            code: 'custom',
            path: [i, 'name'],
            message: `"${criterion.name}" is there twice`,
          });
        }
      });
    }),
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
  /** Items beyond these are not judged and score 0. */
  max_items: z
    .int()
    .positive()
    .default(8)
    .meta({ description: 'Items judged of one answer; further ones score 0' }),
  /** Longer candidates are cut, and the prompt says so. */
  max_candidate_characters: z
    .int()
    .positive()
    .default(20_000)
    .meta({ description: 'Longer candidates are cut' }),
  ...callsSchema.shape,
});
export type JudgeConfig = z.output<typeof judgeSchema>;
export type Criterion = z.output<typeof criterionSchema>;
