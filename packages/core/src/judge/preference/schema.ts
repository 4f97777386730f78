import { z } from 'zod';
import { isTaskPath } from '../../text/task-path.js';
import { askingFields } from '../asking-schema.js';

/** What every judge has that compares two answers at a time. */
export const comparingFields = {
  against: z
    .enum(['siblings', 'reference'])
    .default('siblings')
    .meta({ description: 'siblings: the other answers of the group; reference: an answer of the task' }),
  reference: z
    .string()
    .refine(isTaskPath, 'expected prompt, reference, reference.NAME or metadata.NAME')
    .default('reference')
    .meta({ description: 'Where in the task the answer is that against: reference compares with' }),
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
};

/** The same, as a judge has it. */
export interface ComparingConfig {
  against: 'siblings' | 'reference';
  reference: string;
  round_robin_up_to: number;
  pivots: number;
  quorum: number;
}

export const preferenceSchema = z
  .strictObject({
    kind: z.literal('preference').meta({ description: 'Two answers side by side, in both orders' }),
    ...askingFields,
    prefer: z
      .array(z.string().min(1))
      .min(1)
      .meta({ description: 'What makes one answer better than another, the most important first' }),
    ...comparingFields,
    ties: z.boolean().default(true).meta({ description: 'Whether the judge may call two answers equal' }),
  })
  .meta({ id: 'preference_judge' });
export type PreferenceConfig = z.output<typeof preferenceSchema>;
