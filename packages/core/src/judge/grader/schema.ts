import { z } from 'zod';
import { callsSchema } from '../../dispatch/schema.js';
import { modelFields } from '../../providers/schema.js';
import { maxTokens, temperature } from '../asking-schema.js';
import type { Criterion } from '../criterion.js';

const graderFields = {
  ...modelFields,
  messages: z
    .array(z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: z.string().min(1) }))
    .min(1)
    .meta({ description: 'The whole prompt: {{response}}, {{response.FIELD}}, {{metadata.NAME}}, …' }),
  max_tokens: maxTokens,
  temperature,
  max_candidate_characters: z
    .int()
    .positive()
    .default(100_000)
    .meta({ description: 'Longer values are cut' }),
  ...callsSchema.shape,
};

export const scoreModelSchema = z.strictObject({
  kind: z.literal('score-model').meta({ description: 'A prompt of your own that is answered with a number' }),
  ...graderFields,
  range: z
    .tuple([z.number(), z.number()])
    .refine(([low, high]) => low < high, 'expected the lowest score first')
    .default([0, 1])
    .meta({ description: 'Lowest and highest score; a reply beyond them is no verdict' }),
});

export const labelModelSchema = z
  .strictObject({
    kind: z
      .literal('label-model')
      .meta({ description: 'A prompt of your own that is answered with a label' }),
    ...graderFields,
    labels: z.array(z.string().min(1)).min(2).meta({ description: 'What the reply may be' }),
    passing_labels: z
      .array(z.string().min(1))
      .min(1)
      .meta({ description: 'Labels that score 1; the others 0' }),
  })
  .superRefine(({ labels, passing_labels }, context) => {
    const fail = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (new Set(labels.map((label) => label.trim().toLowerCase())).size < labels.length)
      fail('labels', 'expected labels that differ in more than their case');
    const unknown = passing_labels.find((label) => !labels.includes(label));
    if (unknown !== undefined) fail('passing_labels', `"${unknown}" is none of the labels`);
  });

export type GraderConfig = z.output<typeof scoreModelSchema> | z.output<typeof labelModelSchema>;

/** The scale that a grader scores on, and the one criterion that its verdicts name. */
export function scaleOf(config: GraderConfig): { low: number; high: number; criterion: Criterion } {
  const question = 'What the messages of the judge ask for';
  if (config.kind === 'label-model')
    return { low: 0, high: 1, criterion: { name: 'passes', question, scale: 'boolean', weight: 1 } };
  const [low, high] = config.range;
  const anchors = { [low]: 'the lowest score', [high]: 'the highest score' };
  return { low, high, criterion: { name: 'score', question, scale: 'graded', anchors, weight: 1 } };
}
