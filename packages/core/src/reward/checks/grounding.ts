import { InputError, type JsonValue } from '@touchstone/spec';
import { z } from 'zod';
import { parseAnswer } from '../../answer.js';
import { isTaskPath, readPath, readTaskPath, toText } from '../../task-path.js';
import type { Check } from '../check.js';
import { checkFields } from './common.js';

export const groundingSchema = z.strictObject({
  type: z.literal('grounding'),
  quotes: z
    .string()
    .min(1)
    .meta({ description: 'Where the quote is in each item of the answer, for example text_excerpt' }),
  document: z
    .string()
    .refine(isTaskPath, 'expected prompt, reference, reference.NAME or metadata.NAME')
    .meta({ description: 'Where in the task the quoted document is, for example metadata.document' }),
  ...checkFields,
});

/**
 * The share of quotes that occur verbatim in the document, but for typography. The answer is a JSON list of items, or
 * one object; the quote is a string, or a list of them. A quote that is empty, missing or no string is not found, and
 * an answer without items, or not JSON, scores 0.
 */
export function groundingCheck(config: z.output<typeof groundingSchema>): Check {
  const keys = config.quotes.split('.');
  return {
    name: config.name ?? config.type,
    kind: 'check',
    weight: config.weight,
    gate: config.gate,
    evaluate: ({ task, response }) => {
      const source = readTaskPath(task, config.document);
      if (source === undefined || source === null) {
        throw new InputError([
          { message: `task ${task.id}: ${config.document} is missing; the grounding check needs it` },
        ]);
      }
      const answer = parseAnswer(response);
      if (!('value' in answer)) return { score: 0, detail: 'the answer is not JSON' };
      const items = Array.isArray(answer.value) ? answer.value : [answer.value];
      const quotes = items.flatMap((item): JsonValue[] => {
        const quote = readPath(item, keys) ?? null;
        return Array.isArray(quote) && quote.length > 0 ? quote : [quote];
      });
      const document = normaliseTypography(toText(source));
      const found = quotes.filter((quote) => isQuoteOf(quote, document)).length;
      if (quotes.length === 0) return { score: 0, detail: 'nothing is quoted' };
      return {
        score: found / quotes.length,
        detail: `${found} of ${quotes.length} quotes are in the document`,
      };
    },
  };
}

function isQuoteOf(quote: JsonValue, document: string): boolean {
  if (typeof quote !== 'string') return false;
  const text = normaliseTypography(quote);
  return text !== '' && document.includes(text);
}

/**
 * Text as it reads, without how it was set: Unicode NFKC, one kind of quotation mark, dash, ellipsis and space, no
 * zero-width characters or soft hyphens, runs of white space as one space. Letters, case and punctuation stay.
 */
export function normaliseTypography(text: string): string {
  return text
    .replace(/[\u200b-\u200f\u2060\ufeff\u00ad]/g, '')
    .replace(/[\u2018\u2019\u201a\u201b\u2032\u2035\u00b4\u0060]/g, "'")
    .replace(/[\u201c-\u201f\u2033\u2036\u00ab\u00bb]/g, '"')
    .normalize('NFKC')
    .replace(/[\u2010-\u2015\u2212]/g, '-')
    .replace(/\s+/g, ' ')
    .trim();
}
