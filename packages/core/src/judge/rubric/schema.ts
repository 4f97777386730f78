import { z } from 'zod';
import { askingFields } from '../asking-schema.js';
import { criteriaSchema } from '../criterion.js';
import { aggregateSchema } from './aggregate.js';
import { addRuleIssues, ruleSchema } from './rules.js';

export const rubricSchema = z
  .strictObject({
    kind: z
      .literal('rubric')
      .optional()
      .default('rubric')
      .meta({ description: 'Each answer by itself, on every criterion; the kind where none is named' }),
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
  .superRefine(addRuleIssues)
  .meta({ id: 'rubric_judge' });
export type RubricConfig = z.output<typeof rubricSchema>;
