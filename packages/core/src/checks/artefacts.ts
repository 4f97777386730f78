import { z } from 'zod';
import { textsOf } from '../text/task-path.js';
import type { Evaluate } from './check.js';
import { checkFields } from './common.js';
import { defineCheck } from './define.js';

const artefactsSchema = z.strictObject({
  type: z.literal('artefacts'),
  tolerance: z
    .int()
    .positive()
    .default(1)
    .meta({ description: 'Artefacts at which the score reaches 0; 1: a single one scores 0' }),
  ...checkFields,
});

export const artefacts = defineCheck({ type: 'artefacts', schema: artefactsSchema, create: artefactsCheck });

/**
 * What a text has only by mistake: replacement characters, control characters but tab and line ends, private use,
 * noncharacters and halves of surrogate pairs, words that mix alphabets which look alike, and UTF-8 that was read as
 * Windows-1252. 1 without any, falling to 0 at `tolerance` of them. What the task itself contains may be quoted.
 */
function artefactsCheck({ tolerance }: z.output<typeof artefactsSchema>): Evaluate {
  return ({ task, response }) => {
    const found = artefactsOf(response, Math.max(MAX_FOUND, tolerance));
    if (found.length === 0) return { score: 1 };
    const source = textsOf(task).join('\n');
    // Each is looked for once, and beyond so many nobody quotes.
    const quoted = new Set(
      [...new Set(found.map(({ text }) => text))]
        .slice(0, MAX_QUOTED)
        .filter((text) => source.includes(text)),
    );
    const own = found.filter(({ text }) => !quoted.has(text));
    if (own.length === 0) return { score: 1, detail: `${found.length} artefacts, all of them in the task` };
    const kinds = [...new Set(own.map(({ kind }) => kind))];
    return { score: Math.max(0, 1 - own.length / tolerance), detail: `${own.length}: ${kinds.join(', ')}` };
  };
}

/** A bound on the work: an answer may have a hundred thousand of them, all different. */
const MAX_QUOTED = 1000;
const MAX_FOUND = 10_000;

interface Artefact {
  kind: string;
  text: string;
}

/** A second byte of UTF-8 (80–BF) as Windows-1252 shows it; five of its places show nothing and stay controls. */
const CONTINUATION = '\\u0080-\\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ';
/** Of these, the ones that may well follow a capital Â or Ã of Portuguese or Romanian. */
const PUNCTUATION = '\\u00a0»’”…–—';
const PATTERNS: readonly { kind: string; expression: RegExp }[] = [
  { kind: 'replacement characters', expression: /\ufffd/g },
  {
    kind: 'control characters',
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    expression: /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufff9-\ufffb]/g,
  },
  { kind: 'private use', expression: /[\p{Co}\p{Cs}\p{Noncharacter_Code_Point}]/gu },
  {
    kind: 'mojibake',
    expression: new RegExp(
      `ï¿½|ï»¿|â[\\u0080€][${CONTINUATION}]|â[\\u0082‚]¬|(?:[ÐÑ][${CONTINUATION}]){2}|` +
        `[ÂÃ](?![${PUNCTUATION}])[${CONTINUATION}]|(?<!\\p{Lu})[ÂÃ][${PUNCTUATION}]`,
      'gu',
    ),
  },
];

const LATIN = /\p{sc=Latin}/u;
const LOOKALIKE = /[\p{sc=Cyrillic}\p{sc=Armenian}\p{sc=Cherokee}]/u;
const GREEK = /\p{sc=Greek}/u;
/** Units and symbols mix Greek and Latin: kΩ, ΔT, μm. */
const LONGEST_SYMBOL = 3;

/** @param most of each kind; one more than that is not looked for. */
function artefactsOf(text: string, most: number): Artefact[] {
  const found: Artefact[] = [];
  const collect = (kind: string, expression: RegExp, counts: (match: string) => boolean): void => {
    const until = found.length + most;
    for (const [match] of text.matchAll(expression)) {
      if (counts(match)) found.push({ kind, text: match });
      if (found.length === until) return;
    }
  };
  for (const { kind, expression } of PATTERNS) collect(kind, expression, () => true);
  collect('scripts mixed in a word', /[\p{L}\p{M}]+/gu, isMixed);
  return found;
}

function isMixed(word: string): boolean {
  const lookalikes = LOOKALIKE.test(word);
  const greek = GREEK.test(word);
  if (!LATIN.test(word)) return lookalikes && greek;
  return lookalikes || (greek && word.length > LONGEST_SYMBOL);
}
