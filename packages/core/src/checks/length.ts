import { InputError } from '@touchstone/spec';
import { z } from 'zod';
import type { CheckContext, Evaluate } from './check.js';
import { checkFields } from './common.js';
import { defineCheck } from './define.js';

const lengthSchema = z
  .strictObject({
    type: z.literal('length'),
    unit: z
      .enum(['characters', 'tokens'])
      .default('characters')
      .meta({ description: 'tokens: as the policy counts them; not known to a deployed reward function' }),
    min: z.int().nonnegative().default(0).meta({ description: 'What an answer has at least' }),
    max: z.int().positive().optional().meta({ description: 'What an answer has at most' }),
    tolerance: z
      .int()
      .nonnegative()
      .default(0)
      .meta({ description: 'Outside of min and max, the score falls to 0 over so many' }),
    cache: z
      .int()
      .positive()
      .optional()
      .meta({ description: 'Below max, the score falls to 0 over so many: the overlong shaping of DAPO' }),
    ...checkFields,
  })
  .superRefine(({ min, max, tolerance, cache }, context) => {
    const fail = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (max !== undefined && min > max) fail('max', 'expected max to be min or more');
    if (cache === undefined) return;
    if (max === undefined || cache > max - min)
      fail('cache', 'expected a max, and the cache between min and max');
    if (tolerance > 0) fail('cache', 'expected tolerance (outside of the band) or cache (inside), not both');
  });

export const length = defineCheck({ type: 'length', schema: lengthSchema, create: lengthCheck });

/**
 * 1 inside of `min`…`max` characters (code points) or tokens; outside it falls linearly and reaches 0 `tolerance`
 * away, so that a policy feels which way to go. Tolerance 0 is a hard limit.
 *
 * With `cache` the slope lies below the limit: the score is 1 + R of DAPO's soft overlong punishment, where
 * R = 0 up to max − cache, ((max − cache) − length) / cache up to max, and −1 beyond (Yu et al. 2025,
 * arXiv 2503.14476, equation 13). As `penalty: {max: 1}` it is what the paper subtracts, bounded by the reward.
 *
 * @throws {InputError} for tokens where nobody can count them.
 */
function lengthCheck(config: z.output<typeof lengthSchema>, { countTokens }: CheckContext): Evaluate {
  const { min, max = Infinity, cache = 0, unit } = config;
  const measure = unit === 'characters' ? countCharacters : countTokens;
  if (measure === undefined) {
    const message =
      'reward.checks: a length in tokens needs the tokenizer of the policy, which is not here; use unit: characters';
    throw new InputError([{ message }]);
  }
  const slope = cache || config.tolerance;
  return ({ response }) => {
    const length = measure(response);
    const outside = Math.max(min - length, length - (max - cache), 0);
    if (outside === 0) return { score: 1 };
    const score = slope === 0 ? 0 : Math.max(0, 1 - outside / slope);
    return { score, detail: `${length} ${unit}, expected ${min} to ${max - cache}` };
  };
}

function countCharacters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
