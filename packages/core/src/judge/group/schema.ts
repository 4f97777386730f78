import { z } from 'zod';
import { askingFields, maxTokens } from '../asking-schema.js';
import { criteriaSchema } from '../criterion.js';
import type { RubricConfig } from '../rubric/schema.js';

export const groupSchema = z
  .strictObject({
    kind: z.literal('group').meta({
      description:
        'The whole group in one call; where that fails each answer by itself, with the default prompt',
    }),
    ...askingFields,
    /** One reply speaks of all answers. */
    max_tokens: maxTokens.unwrap().default(4096).meta({ description: 'Tokens of one reply' }),
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

/**
 * The rubric that the answers of a group are judged by when they cannot be judged together. Written out, and not parsed:
 * a Lambda function's bundle has no schemas.
 */
export function pointwiseConfig(config: GroupConfig): RubricConfig {
  const {
    mode: _,
    max_answers: __,
    max_group_characters: ___,
    tries: ____,
    prompt: _____,
    ...shared
  } = config;
  return {
    ...shared,
    kind: 'rubric',
    unit: 'answer',
    rules: [],
    tries: 2,
    max_items: 8,
    aggregate: { by: 'mean' },
  };
}
