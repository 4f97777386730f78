import { z } from 'zod';
import { askingFields } from '../asking-schema.js';
import { taskCriteriaSchema } from '../task-criteria/schema.js';

export const taskRubricSchema = z
  .strictObject({
    kind: z
      .literal('task-rubric')
      .meta({ description: 'Each answer by itself, on criteria that come with the task, each met or not' }),
    ...askingFields,
    criteria: taskCriteriaSchema,
    criteria_per_call: z
      .int()
      .positive()
      .optional()
      .meta({ description: 'Criteria decided in one call; all by default' }),
  })
  .meta({ id: 'task_rubric_judge' });
export type TaskRubricConfig = z.output<typeof taskRubricSchema>;
