import { textsOf } from '@touchstone/core';
import type { Task } from '@touchstone/spec';

/** A string in a JSON text that is no key. */
interface Literal {
  start: number;
  end: number;
  /** Which member of a list answer it belongs to; 0 where the answer is no list. */
  item: number;
  words: string;
}

type Change = (words: string) => string | null;

/**
 * An answer with its words changed. Of plain text that is all of it. Of an answer that is JSON it is, in each of its
 * items, the longest string that is not copied from the task: there a policy writes what it likes, and the answer stays
 * JSON, everything else in it as it was. JSON without a string gets one more member.
 *
 * @param change null leaves the words as they are.
 * @returns null where nothing changes.
 */
export function reword({ task, response }: { task: Task; response: string }, change: Change): string | null {
  const literals = literalsOf(response);
  if (literals === null) return differing(response, change(response) ?? response);
  if (literals.length === 0) return withMember(response, change(''));
  const texts = textsOf(task);
  const isCopied = ({ words }: Literal): boolean => texts.some((text) => text.includes(words));
  const items = new Map<number, { literal: Literal; copied: boolean }>();
  for (const literal of literals) {
    const copied = isCopied(literal);
    const best = items.get(literal.item);
    const isBetter =
      best === undefined ||
      (best.copied === copied ? literal.words.length > best.literal.words.length : best.copied);
    if (isBetter) items.set(literal.item, { literal, copied });
  }
  return splice(
    response,
    [...items.values()].map(({ literal }) => literal),
    change,
  );
}

/** An answer that is JSON with every string in it changed, keys aside; null for plain text, or where nothing changes. */
export function rewordAll(response: string, change: Change): string | null {
  const literals = literalsOf(response);
  return literals === null ? null : splice(response, literals, change);
}

/** Every string of a text that is JSON (a list, an object or a string), in order; null for other text. */
function literalsOf(text: string): Literal[] | null {
  if (!isStructured(text)) return null;
  const isList = /^\s*\[/.test(text);
  const literals: Literal[] = [];
  let [depth, item] = [0, 0];
  for (const match of text.matchAll(/("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}[\],]/g)) {
    const [token, string, colon] = match;
    if (string !== undefined) {
      const [start, end] = [match.index, match.index + string.length];
      if (colon === undefined) literals.push({ start, end, item, words: JSON.parse(string) as string });
    } else if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    else if (isList && depth === 1) item++;
  }
  return literals;
}

/** A number or `true` alone is plain text as well: an answer in words that happens to be JSON. */
function isStructured(text: string): boolean {
  if (!/^\s*[[{"]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function splice(response: string, literals: readonly Literal[], change: Change): string | null {
  let out = '';
  let end = 0;
  for (const literal of literals) {
    const words = change(literal.words) ?? literal.words;
    out += response.slice(end, literal.start);
    out += words === literal.words ? response.slice(literal.start, literal.end) : JSON.stringify(words);
    end = literal.end;
  }
  return differing(response, out + response.slice(end));
}

function withMember(json: string, words: string | null): string | null {
  if (words === null) return null;
  const isList = /^\s*\[/.test(json);
  const at = json.lastIndexOf(isList ? ']' : '}');
  const isEmpty = /^\s*[[{]\s*$/.test(json.slice(0, at));
  const member = isList ? JSON.stringify(words) : `"note":${JSON.stringify(words)}`;
  return `${json.slice(0, at)}${isEmpty ? '' : ','}${member}${json.slice(at)}`;
}

function differing(before: string, after: string): string | null {
  return before === after ? null : after;
}
