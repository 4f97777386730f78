import { z } from 'zod';
import type { Evaluate } from './check.js';
import { parseAnswerTemplate } from '../text/answer-template.js';
import { checkFields } from './common.js';
import { defineCheck } from './define.js';
import { indelSimilarity } from './metrics/indel.js';
import { gleu, rougeL, rougeN } from './metrics/n-grams.js';
import { comparedFields } from './string-check.js';

export const METRICS = [
  'fuzzy_match',
  'gleu',
  'rouge_1',
  'rouge_2',
  'rouge_3',
  'rouge_4',
  'rouge_5',
  'rouge_l',
] as const;
type Metric = (typeof METRICS)[number];

const textSimilaritySchema = z.strictObject({
  type: z.literal('text-similarity'),
  ...comparedFields,
  metric: z.enum(METRICS).meta({ description: 'How alike two texts are, 0 to 1' }),
  ...checkFields,
});

export const textSimilarity = defineCheck({
  type: 'text-similarity',
  schema: textSimilaritySchema,
  create: textSimilarityCheck,
});

/** Longer texts are cut: the work grows with the product of the lengths. */
const MAX_CHARACTERS = 50_000;

/** The text similarity of OpenAI's graders. An answer that lacks the field it asks for scores 0. */
function textSimilarityCheck(config: z.output<typeof textSimilaritySchema>): Evaluate {
  const input = parseAnswerTemplate(config.input, 'text-similarity.input');
  const reference = parseAnswerTemplate(config.reference, 'text-similarity.reference');
  return (rollout) => {
    const expected = reference.fill(rollout);
    const found = input.fill(rollout);
    if ('problem' in found) return { score: 0, detail: found.problem };
    if ('problem' in expected) return { score: 0, detail: expected.problem };
    const [a, b] = [found.text.slice(0, MAX_CHARACTERS), expected.text.slice(0, MAX_CHARACTERS)];
    const score = similarity(a, b, config.metric);
    const isCut = found.text.length > MAX_CHARACTERS || expected.text.length > MAX_CHARACTERS;
    return { score, ...(isCut ? { detail: `compared the first ${MAX_CHARACTERS} characters` } : {}) };
  };
}

function similarity(text: string, reference: string, metric: Metric): number {
  switch (metric) {
    case 'fuzzy_match':
      return indelSimilarity(text, reference);
    case 'gleu':
      return gleu(text, reference);
    case 'rouge_l':
      return rougeL(text, reference);
    default:
      return rougeN(text, reference, Number(metric.at(-1)));
  }
}
