import { z } from 'zod';
import { callsSchema } from '../../dispatch/schema.js';
import { modelFields } from '../../providers/schema.js';
import { maxTokens, temperature } from '../asking-schema.js';
import type { Criterion } from '../criterion.js';
import { readLabelReply } from './label-reply.js';
import { replyOf, verdictSchema } from './said.js';

const graderFields = {
  ...modelFields,
  messages: z
    .array(z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: z.string().min(1) }))
    .min(1)
    .meta({ description: 'The whole prompt: {{response}}, {{response.FIELD}}, {{metadata.NAME}}, …' }),
  // Without a default, so that the fingerprint of a judge that does not use it stays what it was.
  verdict: verdictSchema.optional(),
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
    labels: z.array(z.string().min(1)).min(2).optional().meta({ description: 'What the reply may be' }),
    passing_labels: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .meta({ description: 'Labels that score 1; the others 0' }),
    label_scores: z.record(z.string().min(1), z.number().min(0).max(1)).optional().meta({
      description: 'In place of both: every label with its score, for example { high: 1, low: 0.5, none: 0 }',
    }),
  })
  .superRefine((config, context) => {
    const { labels, passing_labels, label_scores } = config;
    const fail = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (label_scores !== undefined) {
      if (labels !== undefined || passing_labels !== undefined)
        fail('label_scores', 'expected it in place of labels and passing_labels, not beside them');
      if (new Set(Object.values(label_scores)).size < 2)
        fail('label_scores', 'expected labels with different scores');
    } else if (labels === undefined || passing_labels === undefined)
      return fail('labels', 'expected labels with passing_labels, or label_scores');
    const unknown = passing_labels?.find((label) => !labels?.includes(label));
    if (unknown !== undefined) fail('passing_labels', `"${unknown}" is none of the labels`);
    const names = labelsOf(config);
    if (new Set(names).size < names.length) fail('labels', 'expected each label once');
    for (const label of names) {
      const read = readLabelReply(replyOf(label, config.verdict), names, config.verdict);
      if ('label' in read && read.label === label) continue;
      const why = 'label' in read ? `it is read as "${read.label}"` : read.problem;
      fail(
        label_scores === undefined ? 'labels' : 'label_scores',
        `"${label}" could never be read: ${why}. Case, marks of Markdown, brackets and punctuation around a label do not count`,
      );
    }
  });

type LabelConfig = z.output<typeof labelModelSchema>;

/** What the reply of a label judge may be. */
export function labelsOf({
  labels = [],
  label_scores,
}: Pick<LabelConfig, 'labels' | 'label_scores'>): readonly string[] {
  return label_scores === undefined ? labels : Object.keys(label_scores);
}

/** What a label is worth, 0–1. */
export function scoreOfLabel(label: string, { passing_labels, label_scores }: LabelConfig): number {
  return label_scores === undefined ? Number(passing_labels?.includes(label)) : label_scores[label]!;
}

export type GraderConfig = z.output<typeof scoreModelSchema> | LabelConfig;

/** The scale that a grader scores on, and the one criterion that its verdicts name. */
export function scaleOf(config: GraderConfig): { low: number; high: number; criterion: Criterion } {
  const question = 'What the messages of the judge ask for';
  if (config.kind === 'label-model' && config.label_scores === undefined)
    return { low: 0, high: 1, criterion: { name: 'passes', question, scale: 'boolean', weight: 1 } };
  const [low, high] = config.kind === 'label-model' ? [0, 1] : config.range;
  const anchors = { [low]: 'the lowest score', [high]: 'the highest score' };
  return { low, high, criterion: { name: 'score', question, scale: 'graded', anchors, weight: 1 } };
}
