import { z } from 'zod';
import { labelProblems, labelScores, messageFields } from '../grader/schema.js';
import { verdictSchema } from '../grader/said.js';
import { comparingFields } from '../preference/schema.js';

export const pairModelSchema = z
  .strictObject({
    kind: z
      .literal('pair-model')
      .meta({ description: 'A prompt of your own that compares two answers, in both orders' }),
    ...messageFields,
    messages: messageFields.messages.meta({
      description: 'The whole prompt: {{first}} and {{second}}, {{prompt}}, {{metadata.NAME}}, …',
    }),
    mode: z
      .enum(['preference', 'equivalence'])
      .default('preference')
      .meta({ description: 'preference: which is better; equivalence: whether the two say the same' }),
    label_scores: labelScores.meta({
      description:
        'Every label with what it is worth to the answer shown first: { "[[A]]": 1, "[[C]]": 0.5, "[[B]]": 0 }; of equivalence, to either',
    }),
    verdict: verdictSchema.optional(),
    ...comparingFields,
  })
  .superRefine((config, context) => {
    const { mode, against, label_scores, verdict } = config;
    const fail = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (mode === 'equivalence' && against !== 'reference')
      fail('against', 'expected reference: an answer is equivalent to what is right, not to another answer');
    const scores = Object.entries(label_scores);
    for (const [label, score] of scores) {
      if (!(score >= 0 && score <= 1)) fail('label_scores', `"${label}" is worth ${score}, expected 0 to 1`);
      else if (mode === 'preference' && !scores.some(([, other]) => Math.abs(1 - score - other) < 1e-9))
        fail(
          'label_scores',
          `"${label}" is worth ${score} to the first answer, and no label is worth as much to the second: expected one of ${1 - score}`,
        );
    }
    for (const problem of labelProblems(Object.keys(label_scores), verdict)) fail('label_scores', problem);
  });
export type PairModelConfig = z.output<typeof pairModelSchema>;
