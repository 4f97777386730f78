import { detect } from 'tinyld/light';
import { z } from 'zod';
import { readTaskPath, toText } from '../text/task-path.js';
import type { Evaluate } from './check.js';
import { checkFields } from './common.js';
import { defineCheck } from './define.js';
import { proseOf } from './prose.js';

const languageSchema = z.strictObject({ type: z.literal('language'), ...checkFields });
export const language = defineCheck({
  type: 'language',
  schema: languageSchema,
  packages: ['tinyld'],
  create: languageCheck,
});

/** Fewer letters than this do not tell a language. */
const MIN_LETTERS = 40;
/** Enough to tell, and a bound on the work. */
const MAX_CHARACTERS = 1000;

/**
 * 0 when the answer is in another language than the prompt (the last user message), else 1. Code, addresses and the
 * keys of JSON do not count; where either text is too short to tell, there is no penalty.
 */
function languageCheck(): Evaluate {
  return ({ task, response }) => {
    const expected = languageOf(toText(readTaskPath(task, 'prompt') ?? ''));
    const found = languageOf(response);
    if (expected === undefined || found === undefined) return { score: 1, detail: 'too little text to tell' };
    return found === expected
      ? { score: 1 }
      : { score: 0, detail: `answered in ${found}, asked in ${expected}` };
  };
}

/** ISO 639-1 code of the prose in `text`, or undefined when there is too little of it or it is unclear. */
function languageOf(text: string): string | undefined {
  const prose = proseOf(text).slice(0, MAX_CHARACTERS);
  if ((prose.match(/\p{L}/gu)?.length ?? 0) < MIN_LETTERS) return undefined;
  return detect(prose) || undefined;
}
