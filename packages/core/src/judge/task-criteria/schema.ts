import { z } from 'zod';
import { isTaskPath } from '../../text/task-path.js';
import type { Criterion } from '../criterion.js';

const field = z.string().min(1);

/** What figures over the criteria with points above 0, and below, are called; so no category is. */
export const MERITS = 'merits';
export const FAULTS = 'faults';
const RESERVED = [MERITS, FAULTS];

/** Where a judge finds the criteria that come with each task. */
export const taskCriteriaSchema = z
  .strictObject({
    from: z
      .string()
      .refine(isTaskPath, 'expected reference, reference.NAME or metadata.NAME')
      .meta({ description: 'Where in the task the list of criteria is, for example metadata.rubrics' }),
    text: field.default('criterion').meta({
      description: 'Field of a criterion that says what is asked; a criterion may be that text itself',
    }),
    id: field.optional().meta({
      description: 'Field that names it in verdicts and labels, each once in a task; by default c1, c2, …',
    }),
    points: field.optional().meta({
      description:
        'Field with what it brings where it is met, below 0 for a fault; by default 1. An answer scores the points of what it meets over all points above 0, and 0 at least',
    }),
    category: field.optional().meta({ description: 'Field with one of the categories' }),
    categories: z
      .array(z.string().regex(/^\S(?:.{0,58}\S)?$/u, 'expected 1 to 60 characters on a line'))
      .min(1)
      .optional()
      .meta({
        description: 'What the criteria of all tasks are reported by; by default all together',
      }),
  })
  .refine(({ category, categories }) => (category === undefined) === (categories === undefined), {
    error: 'expected category, the field, and categories, what it may say, together',
    path: ['categories'],
  })
  .refine(({ categories = [] }) => new Set(categories).size === categories.length, {
    error: 'expected each category once',
    path: ['categories'],
  })
  .refine(({ categories = [] }) => !categories.some((name) => RESERVED.includes(name)), {
    error: `expected other names than ${RESERVED.join(' and ')}: the judge is examined on these by themselves, in all categories`,
    path: ['categories'],
  })
  .meta({ description: 'Where a task has its criteria, and what the fields of one are called' });
export type TaskCriteriaConfig = z.output<typeof taskCriteriaSchema>;

/** What the criteria of all tasks are reported by. */
export const categoriesOf = ({ categories = ['criteria'] }: TaskCriteriaConfig): Criterion[] =>
  categories.map((name) => ({
    name,
    question: 'What the criteria of the task ask for',
    scale: 'boolean',
    weight: 1,
    isCategory: true,
  }));
