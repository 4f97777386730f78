import { z } from 'zod';
import type { Evaluate } from './check.js';
import { parseAnswerTemplate } from '../text/answer-template.js';
import { checkFields } from './common.js';
import { defineCheck } from './define.js';

export const comparedFields = {
  input: z.string().min(1).meta({ description: 'What is compared, for example {{response.clause_type}}' }),
  reference: z
    .string()
    .min(1)
    .meta({ description: 'What it is compared with, for example {{metadata.clause_type}}' }),
};

const stringCheckSchema = z.strictObject({
  type: z.literal('string-check'),
  ...comparedFields,
  operation: z.enum(['eq', 'ne', 'like', 'ilike']).meta({
    description: 'eq, ne: is, is not the reference; like, ilike: contains it, ilike whatever the case',
  }),
  ...checkFields,
});

export const stringCheck = defineCheck({
  type: 'string-check',
  schema: stringCheckSchema,
  create: compareStrings,
});

/** The string check of OpenAI's graders: 1 or 0. An answer that lacks the field it asks for scores 0, under `ne` too. */
function compareStrings(config: z.output<typeof stringCheckSchema>): Evaluate {
  const input = parseAnswerTemplate(config.input, 'string-check.input');
  const reference = parseAnswerTemplate(config.reference, 'string-check.reference');
  return (rollout) => {
    const expected = reference.fill(rollout);
    const found = input.fill(rollout);
    if ('problem' in found) return { score: 0, detail: found.problem };
    if ('problem' in expected) return { score: 0, detail: expected.problem };
    return { score: Number(compare(found.text, config.operation, expected.text)) };
  };
}

function compare(text: string, operation: 'eq' | 'ne' | 'like' | 'ilike', reference: string): boolean {
  switch (operation) {
    case 'eq':
      return text === reference;
    case 'ne':
      return text !== reference;
    case 'like':
      return text.includes(reference);
    case 'ilike':
      return text.toLowerCase().includes(reference.toLowerCase());
  }
}
