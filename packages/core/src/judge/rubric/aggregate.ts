import { smallest, type JsonValue, type Verdict } from '@touchstone/spec';
import { z } from 'zod';
import { readPath } from '../../text/task-path.js';
import { weightedMean, type AnswerScore } from '../score.js';

const pass = z
  .number()
  .min(0)
  .max(1)
  .default(0.5)
  .meta({ description: 'Score (0 to 1) from which an item passes' });

/** How the items' scores become the answer's. */
export const aggregateSchema = z
  .discriminatedUnion('by', [
    z.strictObject({ by: z.literal('mean') }),
    z.strictObject({
      by: z.literal('weighted-mean'),
      field: z
        .string()
        .min(1)
        .meta({ description: 'The item’s field that says what it weighs, for example severity' }),
      /** Only declared weights count: a policy that could write its own would weigh its best items most. */
      weights: z
        .record(z.string(), z.number().positive().max(1000))
        .meta({ description: 'Weight for each value of the field' }),
      otherwise: z
        .number()
        .positive()
        .max(1000)
        .default(1)
        .meta({ description: 'Weight of any other value, or none' }),
    }),
    z.strictObject({ by: z.literal('min') }),
    z.strictObject({ by: z.literal('all'), pass }),
    z.strictObject({
      by: z.literal('at-least'),
      k: z.int().positive().meta({ description: 'Items that must pass' }),
      pass,
    }),
  ])
  .default({ by: 'mean' })
  .meta({ description: 'How the scores of the items become the score of the answer' });
export type Aggregate = z.output<typeof aggregateSchema>;

/**
 * The score of an answer from the verdicts on its items, 0–1. No verdicts means there was nothing to judge, which is
 * a bad answer and scores 0. One abstention makes the whole answer abstain: a score over the items that happened to be
 * judged would favour the ones the judge could not read.
 *
 * @param items the candidates, in the order of the verdicts.
 */
export function aggregate(
  how: Aggregate,
  verdicts: readonly Verdict[],
  items: readonly JsonValue[],
): AnswerScore {
  const scores: number[] = [];
  for (const verdict of verdicts) {
    if (verdict.status === 'abstained')
      return { status: 'abstained', reason: verdict.reason, detail: verdict.detail };
    scores.push(verdict.score);
  }
  return { status: 'scored', score: scores.length === 0 ? 0 : combine(how, scores, items) };
}

function combine(how: Aggregate, scores: readonly number[], items: readonly JsonValue[]): number {
  switch (how.by) {
    case 'mean':
      return scores.reduce((sum, score) => sum + score, 0) / scores.length;
    case 'weighted-mean':
      return weightedMean(scores.map((value, i) => ({ value, weight: weightOf(items[i] ?? null, how) })));
    case 'min':
      return smallest(scores);
    case 'all':
      return scores.every((score) => score >= how.pass) ? 1 : 0;
    case 'at-least':
      return scores.filter((score) => score >= how.pass).length >= how.k ? 1 : 0;
  }
}

function weightOf(item: JsonValue, how: Aggregate & { by: 'weighted-mean' }): number {
  const value = readPath(item, how.field.split('.'));
  const isKey = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return isKey && Object.hasOwn(how.weights, String(value)) ? how.weights[String(value)]! : how.otherwise;
}
