import { InputError, type JsonValue } from '@touchstone/spec';
import { z } from 'zod';
import { parseAnswer } from '../../text/answer.js';
import { isTaskPath, readPath, readTaskPath, toText } from '../../text/task-path.js';
import type { Evaluate } from '../check.js';
import { checkFields } from '../common.js';
import { defineCheck } from '../define.js';
import { coverageOf } from './coverage.js';
import { approximateSearch, type ApproximateSearch } from './approximate.js';
import { wordsIn } from './quote-length.js';
import { normaliseTypography } from '../../text/typography.js';

const taskPath = z.string().refine(isTaskPath, 'expected prompt, reference, reference.NAME or metadata.NAME');

const groundingSchema = z.strictObject({
  type: z.literal('grounding'),
  quotes: z
    .string()
    .min(1)
    .meta({ description: 'Where the quote is in each item of the answer, for example text_excerpt' }),
  document: taskPath.meta({
    description: 'Where in the task the quoted document is, for example metadata.document',
  }),
  not_in: taskPath
    .optional()
    .meta({ description: 'Where in the task the text is that must not be quoted, for example reference' }),
  min_words: z.int().min(0).max(100).default(3).meta({
    description:
      'Shorter quotes are none: words of 4 letters on average, or 2 signs of Chinese or Japanese each, so that "the" and "." are not found everywhere',
  }),
  min_similarity: z.number().min(0.5).max(1).default(1).meta({
    description:
      '1: verbatim; 0.9: one character in ten of the quote may be wrong, missing or too many, which lets most changes of a single word, number or "not" through',
  }),
  covers: z
    .strictObject({
      span: z.string().min(1).meta({
        description:
          'The text that the quotes have to cover: of the task, as reference.clause, or a field of each item, as claim. A quote of the whole document covers all of it: bound the length too',
      }),
      share: z.number().gt(0).max(1).meta({
        description:
          'Share of its words, in runs of three, that the quotes found must hold; less lowers the score in proportion, so that three words do not stand for a clause. In real contracts another clause passes for the one that is meant 3 times in 100 at 0.3, and once or twice at 0.5',
      }),
    })
    .optional()
    .meta({ description: 'How much of a span the quotes have to cover' }),
  ...checkFields,
});

export const grounding = defineCheck({ type: 'grounding', schema: groundingSchema, create: groundingCheck });

/** UTF-16 units of the document that are gone through for one answer, well under a second: 1000 quotes in 100 pages. */
const MAX_UNITS = 2 ** 28;
/** Steps of approximate search for one answer, under a second: 100 quotes of 300 characters in 100 pages. */
const MAX_STEPS = 2 ** 26;

/**
 * The share of quotes that occur in the document, and not in what `not_in` names: verbatim but for typography, or
 * within (1 − min_similarity) · length edits of some piece of it. The answer is a JSON list of items, or one object;
 * the quote is a string, or a list of them. A quote that is missing, no string, or of fewer than `min_words` words (see
 * `wordsIn`) is not found, and an answer without items, or not JSON, scores 0. Search is bounded: quotes beyond the bound
 * count as not found, and the detail says so. With `covers` the score is that share times the coverage of the span (see
 * `coverageOf`) by the quotes that were found, over the share that is asked, 1 at most; where the span is a field, the mean over items.
 *
 * Below a similarity of 1 an opponent may change what matters: see `npm run bench:grounding` for how much that lets through.
 */
function groundingCheck(config: z.output<typeof groundingSchema>): Evaluate {
  const keys = config.quotes.split('.');
  return ({ task, response }) => {
    const textAt = (path: string): string => {
      const source = readTaskPath(task, path);
      if (source !== undefined && source !== null) return normaliseTypography(toText(source));
      throw new InputError([
        { message: `task ${task.id}: ${path} is missing; the grounding check needs it` },
      ]);
    };
    const document = textAt(config.document);
    const forbidden = config.not_in === undefined ? undefined : textAt(config.not_in);
    const { covers } = config;
    const span = covers && isTaskPath(covers.span) ? textAt(covers.span) : undefined;
    const answer = parseAnswer(response);
    if (!('value' in answer)) return { score: 0, detail: 'the answer is not JSON' };
    const items = Array.isArray(answer.value) ? answer.value : [answer.value];
    const quotes = items.flatMap((item, i) => quotesOf(item, keys).map((quote) => ({ quote, item: i })));
    if (quotes.length === 0) return { score: 0, detail: 'nothing is quoted' };

    const isIn = occurrence(document, config.min_similarity);
    const isForbidden = forbidden === undefined ? () => false : occurrence(forbidden, config.min_similarity);
    const counts = { found: 0, forbidden: 0, short: 0, unsearched: 0 };
    const found_I: string[][] = items.map(() => []);
    for (const { quote, item } of quotes) {
      const text = typeof quote === 'string' ? normaliseTypography(quote) : '';
      if (text === '') continue;
      if (wordsIn(text) < config.min_words) {
        counts.short++;
        continue;
      }
      const forbiddenHere = isForbidden(text);
      const here = forbiddenHere === true ? false : isIn(text);
      if (forbiddenHere === null || here === null) counts.unsearched++;
      else if (forbiddenHere) counts.forbidden++;
      else if (here) {
        counts.found++;
        found_I[item]!.push(text);
      }
    }
    const notes = [
      `${counts.found} of ${quotes.length} quotes are in the document`,
      ...(counts.forbidden > 0 ? [`${counts.forbidden} are in ${config.not_in}`] : []),
      ...(counts.short > 0
        ? [`${counts.short} are too short to be one (min_words: ${config.min_words})`]
        : []),
      ...(counts.unsearched > 0 ? [`${counts.unsearched} are too much to search for`] : []),
    ];
    const score = counts.found / quotes.length;
    if (covers === undefined) return { score, detail: notes.join(', ') };
    const covered =
      span === undefined
        ? meanOf(items.map((item, i) => coverageOf(fieldOf(item, covers.span), found_I[i]!)))
        : coverageOf(span, found_I.flat());
    notes.push(`they cover ${Math.round(100 * covered)} % of ${covers.span}`);
    return { score: score * Math.min(1, covered / covers.share), detail: notes.join(', ') };
  };
}

/** The quotes of an item; null where it has none. */
function quotesOf(item: JsonValue, keys: readonly string[]): JsonValue[] {
  const quote = readPath(item, keys) ?? null;
  return Array.isArray(quote) && quote.length > 0 ? quote : [quote];
}

function fieldOf(item: JsonValue, field: string): string {
  const value = readPath(item, field.split('.'));
  return typeof value === 'string' ? normaliseTypography(value) : '';
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Whether a quote occurs in `text`, both normalised; null when that would take too long to say. */
function occurrence(text: string, minSimilarity: number): (quote: string) => boolean | null {
  let search: ApproximateSearch | undefined;
  let left = MAX_UNITS;
  return (quote) => {
    if (left < text.length) return null;
    left -= text.length;
    if (text.includes(quote)) return true;
    const limit = Math.floor((1 - minSimilarity) * quote.length + 1e-9);
    if (limit === 0) return false;
    search ??= approximateSearch(text, MAX_STEPS);
    return search.occurs(quote, limit);
  };
}
