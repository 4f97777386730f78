import { z } from 'zod';
import type { Evaluate } from './check.js';
import { checkFields } from './common.js';
import { defineCheck } from './define.js';
import { proseOf } from './prose.js';

const repetitionSchema = z.strictObject({
  type: z.literal('repetition'),
  words: z.int().min(1).max(20).default(4).meta({ description: 'Length of the runs of words compared' }),
  allow: z.number().min(0).max(0.99).default(0.2).meta({
    description: 'Share of runs that may have occurred before; the score falls to 0 from there to 1',
  }),
  ...checkFields,
});

export const repetition = defineCheck({
  type: 'repetition',
  schema: repetitionSchema,
  create: repetitionCheck,
});

/** A bound on the work; a loop shows long before. */
const MAX_UNITS = 20_000;

/**
 * Whether the answer goes round in circles: the share of its runs of `words` words that occurred before in it, which
 * is 1 − (distinct n-grams / n-grams). Up to `allow` that scores 1, at a share of 1 it scores 0, linear between.
 * The keys of JSON and code do not count. A sign, a letter of a script without spaces, and each 12 letters of a longer
 * word are a word, so that a loop without spaces shows too.
 */
function repetitionCheck({ words, allow }: z.output<typeof repetitionSchema>): Evaluate {
  return ({ response }) => {
    const share = repeatedShare(proseOf(response), words);
    if (share <= allow) return { score: 1 };
    return {
      score: Math.max(0, 1 - (share - allow) / (1 - allow)),
      detail: `${Math.round(share * 100)} % of its runs of ${words} words occurred before`,
    };
  };
}

/** Share of n-grams, 0–1, that are equal to an earlier one. */
export function repeatedShare(text: string, n: number): number {
  const units: string[] = [];
  const unit =
    /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Khmer}\p{sc=Lao}\p{sc=Myanmar}]|[\p{L}\p{M}\p{N}]{1,12}|[^\s\p{L}\p{M}\p{N}]/gu;
  for (const [found] of text.toLowerCase().matchAll(unit)) {
    units.push(found);
    if (units.length === MAX_UNITS) break;
  }
  const total = units.length - n + 1;
  if (total < 2) return 0;
  const seen = new Set<string>();
  for (let i = 0; i < total; i++) seen.add(units.slice(i, i + n).join(' '));
  return 1 - seen.size / total;
}
