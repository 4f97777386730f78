import { z } from 'zod';
import { schemasOf } from '../../table.js';
import { panel } from '../panel/panel.js';
import { SINGLE_JUDGES } from '../single-judges.js';

const stageSchema = z.discriminatedUnion('kind', schemasOf([...SINGLE_JUDGES, panel]));

export const cascadeSchema = z
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
