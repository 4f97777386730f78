import { detect } from 'tinyld/light';
import { z } from 'zod';
import { parseAnswer } from '../../answer.js';
import { readTaskPath, toText } from '../../task-path.js';
import type { JsonValue } from '@touchstone/spec';
import type { Check } from '../check.js';
import { checkFields } from './common.js';

export const languageSchema = z.strictObject({ type: z.literal('language'), ...checkFields });

/** Fewer letters than this do not tell a language. */
const MIN_LETTERS = 40;
/** Enough to tell, and a bound on the work. */
const MAX_CHARACTERS = 1000;

/**
 * 0 when the answer is in another language than the prompt (the last user message), else 1. Code, addresses and the
 * keys of JSON do not count; where either text is too short to tell, there is no penalty.
 */
export function languageCheck(config: z.output<typeof languageSchema>): Check {
  return {
    name: config.name ?? config.type,
    kind: 'check',
    weight: config.weight,
    gate: config.gate,
    evaluate: ({ task, response }) => {
      const expected = languageOf(toText(readTaskPath(task, 'prompt') ?? ''));
      const found = languageOf(response);
      if (expected === undefined || found === undefined)
        return { score: 1, detail: 'too little text to tell' };
      return found === expected
        ? { score: 1 }
        : { score: 0, detail: `answered in ${found}, asked in ${expected}` };
    },
  };
}

/** ISO 639-1 code of the prose in `text`, or undefined when there is too little of it or it is unclear. */
function languageOf(text: string): string | undefined {
  const prose = proseOf(text).slice(0, MAX_CHARACTERS);
  if ((prose.match(/\p{L}/gu)?.length ?? 0) < MIN_LETTERS) return undefined;
  return detect(prose) || undefined;
}

function proseOf(text: string): string {
  const answer = parseAnswer(text);
  const plain = 'value' in answer ? stringsOf(answer.value).join(' ') : text;
  return plain
    .replace(/```[^`]*(?:```|$)/g, ' ')
    .replace(/`[^`\n]*`/g, ' ')
    .replace(/"[^"\n]{1,60}"\s*:/g, ' ')
    .replace(/\b(?:https?:\/\/|www\.)\S+/g, ' ');
}

function stringsOf(value: JsonValue): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsOf) : [];
}
