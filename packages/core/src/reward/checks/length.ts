import { z } from 'zod';
import type { Check } from '../check.js';
import { checkFields } from './common.js';

export const lengthSchema = z
  .strictObject({
    type: z.literal('length'),
    min: z.int().nonnegative().default(0).meta({ description: 'Characters an answer has at least' }),
    max: z.int().positive().optional().meta({ description: 'Characters an answer has at most' }),
    tolerance: z
      .int()
      .nonnegative()
      .default(0)
      .meta({ description: 'Characters outside over which the score falls to 0' }),
    ...checkFields,
  })
  .refine(({ min, max }) => max === undefined || min <= max, {
    path: ['max'],
    message: 'expected max to be min or more',
  });

/**
 * 1 inside `min`…`max` characters (code points); outside it falls linearly and reaches 0 `tolerance` characters
 * away, so that a policy feels which way to go. Tolerance 0 is a hard limit.
 */
export function lengthCheck(config: z.output<typeof lengthSchema>): Check {
  const { min, max = Infinity, tolerance } = config;
  return {
    name: config.name ?? config.type,
    kind: 'check',
    weight: config.weight,
    gate: config.gate,
    evaluate: ({ response }) => {
      const length = [...response].length;
      const outside = Math.max(min - length, length - max, 0);
      if (outside === 0) return { score: 1 };
      const score = Math.max(0, 1 - outside / Math.max(tolerance, 1));
      return {
        score: tolerance === 0 ? 0 : score,
        detail: `${length} characters, expected ${min} to ${max}`,
      };
    },
  };
}
