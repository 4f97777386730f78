import type { JsonValue } from '@touchstone/spec';
import { change, swapFirst } from '../edits.js';
import { defineProbes, type Make } from '../probe.js';

const SPELLINGS: readonly [string, string][] = [
  ['colour', 'color'],
  ['favour', 'favor'],
  ['labour', 'labor'],
  ['behaviour', 'behavior'],
  ['centre', 'center'],
  ['licence', 'license'],
  ['defence', 'defense'],
  ['organisation', 'organization'],
  ['recognise', 'recognize'],
  ['analyse', 'analyze'],
  ['cancelled', 'canceled'],
  ['programme', 'program'],
  ['judgement', 'judgment'],
];

/** Two list lines that follow one another, without numbers: their order says nothing. */
const TWO_BULLETS = /^([-*•] [^\n]+)\n([-*•] [^\n]+)$/m;

function replaced(pattern: RegExp, by: string): Make {
  return change((words) => words.replace(pattern, by));
}

/** An answer that is a JSON list or object, written in another way; null for any other. */
function rewritten(write: (value: JsonValue) => string): Make {
  return ({ response }) => {
    if (!/^\s*[[{]/.test(response)) return null;
    try {
      const text = write(JSON.parse(response) as JsonValue);
      return text === response ? null : text;
    } catch {
      return null;
    }
  };
}

function keysReversed(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map((one) => (Array.isArray(one) ? one : keysReversed(one)));
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).reverse())
    : value;
}

export const invariance = defineProbes('invariance', 'same', {
  'line-at-the-end': change((words) => `${words}\n`),
  'polite-close': change((words) => `${words}\n\nI hope this helps.`),
  'plain-opener': change((words) => `Here is my answer.\n\n${words}`),
  'wider-spaces': replaced(/(?<=\p{L}[.,;]) (?=\S)/gu, '  '),
  'line-ends': replaced(/(?<!\r)\n/g, '\r\n'),
  'typographic-quotes': replaced(/(?<=\p{L})'(?=\p{L})/gu, '’'),
  'no-break-space': replaced(/(?<=\d) (?=\p{L})/gu, '\u00a0'),
  decomposed: change((words) => words.normalize('NFD')),
  spelling: change((words) => swapFirst(words, SPELLINGS)),
  'other-bullets': replaced(/^[-•] (?=\S)/gm, '* '),
  'bullets-reordered': replaced(TWO_BULLETS, '$2\n$1'),
  'json-indented': rewritten((value) => JSON.stringify(value, null, 2)),
  'json-keys-reordered': rewritten((value) => JSON.stringify(keysReversed(value))),
});
