import { z } from 'zod';
import { moduleName } from '../../files/load-module.js';
import { criteriaSchema } from '../criterion.js';

export const codeJudgeSchema = z
  .strictObject({
    kind: z.literal('code').meta({ description: 'A module of your own' }),
    module: moduleName.meta({
      description: 'Its default export is (rollouts, { repeat, signal }) => one verdict for each of them',
    }),
    compares: z
      .boolean()
      .default(false)
      .meta({ description: 'true: it is given a whole group at once; false: one answer at a time' }),
    criteria: criteriaSchema.optional().meta({
      description: 'What each verdict then decides; without them a verdict is a score from 0 to 1',
    }),
    timeout_seconds: z
      .number()
      .positive()
      .max(3600)
      .default(120)
      .meta({ description: 'One call of the module; what it has not judged by then has no verdict' }),
  })
  .meta({ id: 'code_judge' });
export type CodeJudgeConfig = z.output<typeof codeJudgeSchema>;
