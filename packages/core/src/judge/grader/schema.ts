import { z } from 'zod';
import { callsSchema } from '../../dispatch/schema.js';
import { modelFields } from '../../providers/schema.js';
import { maxTokens, temperature } from '../asking-schema.js';
import { name } from '../criterion.js';
import { taskCriteriaSchema } from '../task-criteria/schema.js';
import { readLabelReply } from './label-reply.js';
import { replyOf, verdictSchema, type VerdictPlace } from './said.js';

/** What every judge has that asks with the user's own messages. */
export const messageFields = {
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

// Without a default, so that the fingerprint of a judge that does not use it stays what it was.
const verdict = verdictSchema.optional();

const range = z
  .tuple([z.number(), z.number()])
  .refine(([low, high]) => low < high, 'expected the lowest score first');

/** Every label that a reply may be, with what it is worth. */
export const labelScores = z
  .record(z.string().min(1), z.number())
  .refine((scores) => new Set(Object.values(scores)).size > 1, 'expected labels with different scores');

export const scoreModelSchema = z.strictObject({
  kind: z.literal('score-model').meta({ description: 'A prompt of your own that is answered with a number' }),
  ...messageFields,
  verdict,
  range: range
    .default([0, 1])
    .meta({ description: 'Lowest and highest score; a reply beyond them is no verdict' }),
});

export const labelModelSchema = z
  .strictObject({
    kind: z
      .literal('label-model')
      .meta({ description: 'A prompt of your own that is answered with a label' }),
    ...messageFields,
    verdict,
    labels: z.array(z.string().min(1)).min(2).optional().meta({ description: 'What the reply may be' }),
    passing_labels: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .meta({ description: 'Labels that score 1; the others 0' }),
    label_scores: labelScores.optional().meta({
      description: 'In place of both: every label with its score, for example { high: 1, low: 0.5, none: 0 }',
    }),
    range: range.optional().meta({
      description: 'What of label_scores is 0 and what is 1, for example [0, 4] for grades; default [0, 1]',
    }),
    criteria: taskCriteriaSchema.optional().meta({
      description: 'Asks once for each criterion that comes with the task, which {{criterion}} shows',
    }),
  })
  .superRefine((config, context) => {
    const { labels, passing_labels, label_scores } = config;
    const fail = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (label_scores !== undefined) {
      if (labels !== undefined || passing_labels !== undefined)
        fail('label_scores', 'expected it in place of labels and passing_labels, not beside them');
    } else if (labels === undefined || passing_labels === undefined)
      return fail('labels', 'expected labels with passing_labels, or label_scores');
    else if (config.range !== undefined) fail('range', 'expected it beside label_scores only');
    if (config.range !== undefined && config.criteria !== undefined)
      fail('range', 'of criteria that come with tasks a label says how far one is met, 0 to 1');
    const unknown = passing_labels?.find((label) => !labels?.includes(label));
    if (unknown !== undefined) fail('passing_labels', `"${unknown}" is none of the labels`);
    const names = labelsOf(config);
    if (new Set(names).size < names.length) fail('labels', 'expected each label once');
    const where = label_scores === undefined ? 'labels' : 'label_scores';
    const problems = [...scoreProblems(label_scores, config.range), ...labelProblems(names, config.verdict)];
    for (const problem of problems) fail(where, problem);
  });

const fieldSchema = z
  .strictObject({
    range: range.optional().meta({
      description: 'Of a field that is a number: its lowest and highest; of one with label_scores theirs',
    }),
    label_scores: labelScores.optional().meta({
      description: 'Of a field that is a label: each with its score, for example { true: 1, false: 0 }',
    }),
    weight: z
      .number()
      .positive()
      .default(1)
      .meta({ description: 'Share in the score, relative to the others' }),
    verdict: verdict.meta({ description: 'Where in the reply it stands; default: key, its own name' }),
  })
  .superRefine(({ range: ends, label_scores }, context) => {
    if (ends === undefined && label_scores === undefined)
      context.addIssue({ code: 'custom', message: 'expected range, of a number, or label_scores' });
    for (const message of scoreProblems(label_scores, ends))
      context.addIssue({ code: 'custom', path: ['label_scores'], message });
  });

export const fieldsModelSchema = z
  .strictObject({
    kind: z
      .literal('fields-model')
      .meta({ description: 'A prompt of your own that is answered with several scores at once' }),
    ...messageFields,
    fields: z
      .record(name, fieldSchema)
      .refine((fields) => Object.keys(fields).length > 0, 'expected a field at least')
      .meta({
        description:
          'What the reply has to say, each a criterion: { accuracy: { range: [1, 5] }, safe: { label_scores: { true: 1, false: 0 } } }',
      }),
  })
  .superRefine(({ fields }, context) => {
    for (const [field, { label_scores, verdict: place = { key: field } }] of Object.entries(fields))
      for (const message of labelProblems(Object.keys(label_scores ?? {}), place))
        context.addIssue({ code: 'custom', path: ['fields', field, 'label_scores'], message });
  });

type ScoreConfig = z.output<typeof scoreModelSchema>;
export type LabelConfig = z.output<typeof labelModelSchema>;
type FieldsConfig = z.output<typeof fieldsModelSchema>;
export type GraderConfig = ScoreConfig | LabelConfig | FieldsConfig;

/** What the reply of a label judge may be. */
export function labelsOf({
  labels = [],
  label_scores,
}: Pick<LabelConfig, 'labels' | 'label_scores'>): readonly string[] {
  return label_scores === undefined ? labels : Object.keys(label_scores);
}

function scoreProblems(
  scores: Record<string, number> = {},
  [low, high]: readonly [number, number] = [0, 1],
): string[] {
  return Object.entries(scores).flatMap(([label, score]) =>
    score >= low && score <= high
      ? []
      : [`"${label}" is worth ${score}, expected ${low} to ${high}; range says what is 0 and what is 1`],
  );
}

/** Why labels could not be told apart in a reply. */
export function labelProblems(labels: readonly string[], place: VerdictPlace | undefined): string[] {
  return labels.flatMap((label) => {
    const read = readLabelReply(replyOf(label, place), labels, place);
    if ('label' in read && read.label === label) return [];
    const why = 'label' in read ? `it is read as "${read.label}"` : read.problem;
    return [
      `"${label}" could never be read: ${why}. Case, marks of Markdown, brackets and punctuation around a label do not count`,
    ];
  });
}
