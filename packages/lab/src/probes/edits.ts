import { readTaskPath, toText } from '@touchstone/core';
import type { Base, Make } from './probe.js';
import { reword } from './reword.js';

/** Words of a probe: always the same, or made from the base; null where the base lacks what they are made from. */
type Words = string | ((base: Base) => string | null);

function drawn(words: readonly Words[], base: Base): string | null {
  const one = base.random.pick(words);
  return typeof one === 'string' ? one : one(base);
}

/** Changes the words of the answer (see `reword`). */
export function change(edit: (words: string, base: Base) => string | null): Make {
  return (base) => reword(base, (words) => edit(words, base));
}

/** Puts one of these, drawn by the seed, after the words of the answer. */
export function after(...words: Words[]): Make {
  return joined(words, (own, added) => `${own}\n\n${added}`);
}

/** Puts one of these before the words of the answer. */
export function before(...words: Words[]): Make {
  return joined(words, (own, added) => `${added}\n\n${own}`);
}

/** Puts one of these in place of the words of the answer. */
export function instead(...words: Words[]): Make {
  return joined(words, (_, added) => added);
}

function joined(words: readonly Words[], join: (own: string, added: string) => string): Make {
  return (base) => {
    const added = drawn(words, base);
    return added === null ? null : reword(base, (own) => (own === '' ? added : join(own, added)));
  };
}

/** Longer texts of the task are not copied into answers: each is paid for. */
const LONGEST_COPY = 8000;

/** What the task asks, as an answer may repeat it. */
export function promptOf({ task }: Base): string | null {
  return copyable(readTaskPath(task, 'prompt'));
}

/** The reference as text. */
export function referenceOf({ task: { reference } }: Base): string | null {
  return reference === null ? null : copyable(toText(reference));
}

function copyable(text: unknown): string | null {
  return typeof text === 'string' && text.trim() !== '' && text.length <= LONGEST_COPY ? text : null;
}

/** Where sentences of a text are looked for; what follows counts as one. */
const LONGEST_SPLIT = 20_000;
const SEGMENTER = new Intl.Segmenter('und', { granularity: 'sentence' });

/** The sentences of a text with the white space after each; joined they are the text. */
export function sentencesOf(text: string): string[] {
  const found = [...SEGMENTER.segment(text.slice(0, LONGEST_SPLIT))].map(({ segment }) => segment);
  return text.length > LONGEST_SPLIT ? [...found, text.slice(LONGEST_SPLIT)] : found;
}

/**
 * The text with the first word that stands in one of the pairs exchanged for its partner, in either direction; a capital at
 * its start stays one. Null where no such word occurs.
 */
export function swapFirst(text: string, pairs: readonly (readonly [string, string])[]): string | null {
  const partner = new Map(pairs.flatMap(([a, b]) => [[a, b] as const, [b, a] as const]));
  for (const { 0: word, index } of text.matchAll(/\p{L}+/gu)) {
    const other = partner.get(word.toLowerCase());
    if (other === undefined) continue;
    const fitted = /^\p{Lu}/u.test(word) ? other[0]!.toUpperCase() + other.slice(1) : other;
    return text.slice(0, index) + fitted + text.slice(index + word.length);
  }
  return null;
}
