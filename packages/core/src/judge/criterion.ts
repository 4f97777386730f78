import { largest, smallest } from '@touchstone/spec';
import { z } from 'zod';

export const name = z
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
    // Without a default, so that the fingerprint of a judge that does not use it stays what it was.
    veto: z
      .union([z.literal(true), z.int()], {
        error: 'expected true, or for a graded criterion the lowest score that passes',
      })
      .optional()
      .meta({
        description:
          'A failure makes the whole score 0: true (false, or the lowest anchor, fails), or the lowest score that passes',
      }),
  })
  .superRefine((criterion, context) => {
    const levels = Object.keys(criterion.anchors ?? {}).map(Number);
    const fail = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
    if (criterion.scale === 'graded' && levels.length < 2) {
      fail('anchors', 'a graded criterion needs anchors for at least its lowest and its highest score');
    }
    if (criterion.scale === 'boolean' && criterion.anchors)
      fail('anchors', 'a boolean criterion has no anchors; set scale: graded');
    if (typeof criterion.veto === 'number') {
      const [min, max] = [smallest(levels), largest(levels)];
      if (criterion.scale === 'boolean')
        fail('veto', 'a boolean criterion is vetoed by false: set veto: true');
      else if (criterion.veto <= min || criterion.veto > max)
        fail('veto', `expected a score above ${min}, the lowest, and at most ${max}`);
    }
  });
export type Criterion = z.output<typeof criterionSchema> & {
  /** A fault: it is good not to meet it. Only of criteria that come with a task. */
  unwanted?: true;
  /** Of one that comes with a task: the criterion of the judge that it is reported by. */
  category?: string;
  /** Such a criterion of the judge: criteria of tasks are reported by it. */
  isCategory?: true;
};

export const criteriaSchema = z
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
  })
  .meta({ description: 'What is judged, in the order it is judged in' });
