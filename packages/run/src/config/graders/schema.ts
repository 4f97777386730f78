import { z } from 'zod';

// Unknown keys are kept, so that the conversion can say which of them it does not carry over.
const stringCheck = z.looseObject({
  type: z.literal('string_check'),
  name: z.string().optional(),
  input: z.string(),
  reference: z.string(),
  operation: z.enum(['eq', 'ne', 'like', 'ilike']),
});

const textSimilarity = z.looseObject({
  type: z.literal('text_similarity'),
  name: z.string().optional(),
  input: z.string(),
  reference: z.string(),
  evaluation_metric: z.string(),
});

const part = z.union([
  z.string(),
  z
    .looseObject({ type: z.enum(['input_text', 'output_text', 'text']), text: z.string() })
    .transform(({ text }) => text),
]);
const message = z.looseObject({
  role: z.enum(['user', 'assistant', 'system', 'developer']),
  content: z.union([part, z.array(part).transform((parts) => parts.join('\n'))]),
});
const modelFields = {
  name: z.string().optional(),
  model: z.string().min(1),
  input: z.array(message).min(1),
  sampling_params: z.looseObject({}).nullish(),
};

const scoreModel = z.looseObject({
  type: z.literal('score_model'),
  ...modelFields,
  range: z.tuple([z.number(), z.number()]).nullish(),
});

const labelModel = z.looseObject({
  type: z.literal('label_model'),
  ...modelFields,
  labels: z.array(z.string()).min(2),
  passing_labels: z.array(z.string()).min(1),
});

const python = z.looseObject({ type: z.literal('python'), name: z.string().optional(), source: z.string() });

const single = z.discriminatedUnion('type', [stringCheck, textSimilarity, scoreModel, labelModel, python]);

/** A grader as the fine-tuning APIs of OpenAI and Azure take it. */
export const graderFileSchema = z.discriminatedUnion('type', [
  ...single.options,
  z.looseObject({
    type: z.literal('multi'),
    name: z.string().optional(),
    graders: z.record(z.string(), single),
    calculate_output: z.string(),
  }),
]);
export type Grader = z.output<typeof graderFileSchema>;
export type SingleGrader = z.output<typeof single>;
