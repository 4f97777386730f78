import type { JsonObject } from '@touchstone/spec';
import { z } from 'zod';
import { duplicateKey } from '../../text/duplicate-key.js';
import { isRecord, own } from '../../text/json-value.js';
import { readPath } from '../../text/task-path.js';
import { lengthProblem, objectsIn } from '../extract.js';

const PLACEHOLDER = '{{verdict}}';

/** Where a reply says its verdict, for prompts that ask for a form of their own. */
export const verdictSchema = z
  .strictObject({
    key: z.string().regex(/\S/).optional().meta({
      description:
        'A key of a JSON object in the reply, scores.style for one inside of another, or a word before a colon on a line of its own',
    }),
    pattern: z
      .string()
      .optional()
      .meta({
        description: `Text with ${PLACEHOLDER} where the verdict stands: <grade>${PLACEHOLDER}</grade>`,
      }),
  })
  .refine(({ key, pattern }) => (key === undefined) !== (pattern === undefined), {
    error: 'expected a key or a pattern',
    abort: true,
  })
  .refine(({ pattern }) => pattern === undefined || partsOf(pattern) !== undefined, {
    error: `pattern: expected ${PLACEHOLDER} once, and text before or after it: [[${PLACEHOLDER}]]`,
    abort: true,
  })
  .meta({ description: 'Where in the reply its verdict stands; by default in the usual places' });
export type VerdictPlace = z.output<typeof verdictSchema>;

/** A reply that says `verdict` and nothing else. */
export function replyOf(verdict: string, place: VerdictPlace | undefined): string {
  if (place?.key !== undefined) return JSON.stringify({ [place.key]: verdict });
  return place?.pattern?.split(PLACEHOLDER).join(verdict) ?? verdict;
}

/** The lines that say something, with runs of white space as one space. */
export function linesOf(text: string): string[] | { problem: string } {
  const tooLong = lengthProblem(text);
  if (tooLong) return tooLong;
  const lines = text
    .split(/\r\n|[\r\n\u2028\u2029]/)
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => /[^\s*`_#]/.test(line));
  return lines.length === 0 ? { problem: 'the reply is empty' } : lines;
}

/**
 * The member of a reply that is one JSON object, fenced or not; undefined where it is none or has no such member, null
 * where it has several.
 */
export function memberOf(text: string, keys: readonly string[]): unknown {
  const json = text.trim().replace(/^```[a-z]*\s*\n|\n?```$/gi, '');
  if (!json.startsWith('{')) return undefined;
  const value = parsed(json);
  if (!isRecord(value)) return undefined; // Not JSON: read as lines.
  if (duplicateKey(json) !== undefined) return null;
  const owned = Object.keys(value).filter((key) => keys.some((one) => isSame(one, key)));
  if (owned.length > 1) return null;
  return owned.length === 0 ? undefined : value[owned[0]!];
}

/** What the objects in a reply that is more than one object have under these keys; null where something cannot be told. */
export function membersIn(text: string, keys: readonly string[]): unknown[] {
  return objectsIn(text).flatMap((json) => keys.flatMap((key) => membersOf(json, key)));
}

/** Whether a line ends in what may be the sign of a number on the next line; a rule of several dashes is none. */
export const endsInSign = (line: string): boolean => /(?:^|[:=[(] ?)[-−–—]$/.test(line);

/**
 * Everything that stands where a verdict is expected, in order: texts, and what JSON objects have under the key. Beside JSON a line counts where it
 * begins with a verdict: the JSON may be a quotation.
 *
 * @param beginning the verdict that a text begins with; undefined: none.
 */
export function verdictsAt(
  place: VerdictPlace,
  text: string,
  beginning: (said: string) => unknown,
): unknown[] | { problem: string } {
  const lines = linesOf(text);
  if (!Array.isArray(lines)) return lines;
  const { key, pattern } = place;
  const found = key === undefined ? inPattern(pattern!, lines) : underKey(key, text, lines, beginning);
  const where = key === undefined ? `where "${pattern}" has it` : `under "${key}"`;
  return found.length > 0 ? found : { problem: `the reply has no verdict ${where}` };
}

function underKey(
  key: string,
  text: string,
  lines: readonly string[],
  beginning: (said: string) => unknown,
): unknown[] {
  const objects = objectsIn(text);
  const members = objects.flatMap((json) => membersOf(json, key));
  if (members.length === 0) return lines.flatMap((line) => afterWord(key, line) ?? []);
  const rest = linesOf(objects.reduce((left, json) => left.replace(json, () => '\n'), text));
  const rivals = (Array.isArray(rest) ? rest : []).flatMap((line) => {
    const said = afterWord(key, line);
    return said === undefined ? [] : (beginning(said) ?? []);
  });
  return [...members, ...rivals];
}

/** What an object has under a key, or a path; null where it is no JSON or has a key twice. */
function membersOf(json: string, key: string): unknown[] {
  const value = parsed(json);
  if (!isRecord(value)) return hasKey(json, key) ? [null] : [];
  const inside = key.includes('.') ? readPath(value as JsonObject, key.split('.')) : undefined;
  const named = Object.keys(value).flatMap((one) => (isSame(one, key) ? [own(value, one)] : []));
  const found = [...named, inside].filter((one) => one !== undefined);
  return found.length > 0 && duplicateKey(json) !== undefined ? [null] : found;
}

const isSame = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();

/** Whether what looks like an object and is no JSON has the key. */
const hasKey = (json: string, key: string): boolean =>
  json.split(/[{,]/).some((part) => {
    const [name] = part.split(':');
    return part.includes(':') && isSame(name!.replace(/["'`]/g, ''), key);
  });

/** What follows `word` and a colon or an equals sign on a line that begins with it, marks of Markdown aside. */
export function afterWord(word: string, line: string): string | undefined {
  const bare = line.replace(/^[\W_]{0,20}(?:final )?/i, '');
  const name = word.trim().replace(/\s+/g, ' ');
  if (bare.slice(0, name.length).toLowerCase() !== name.toLowerCase()) return undefined;
  return /^[*_`"'\s]{0,6}[:=](.*)$/.exec(bare.slice(name.length))?.[1];
}

function inPattern(pattern: string, lines: readonly string[]): unknown[] {
  const [before, after] = partsOf(pattern)!;
  // Between two marks a verdict may have lines of its own.
  const pieces = before !== '' && after !== '' ? [lines.join(' ')] : lines;
  return pieces.flatMap((piece) => {
    const plain = withTightTags(withoutStars(piece));
    const small = inSmall(plain);
    const found: unknown[] = [];
    let end = 0;
    for (let at = small.indexOf(before); at >= 0;) {
      const first = at + before.length;
      const to = after === '' ? plain.length : small.indexOf(after, first);
      if (to < 0) break;
      // Of several marks that open, the last one does: [[ in what is said before is none.
      const from =
        before === '' || after === ''
          ? first
          : Math.max(first, small.lastIndexOf(before, to - before.length) + before.length);
      found.push(plain.slice(from, to));
      end = to + after.length;
      at = to >= plain.length ? -1 : small.indexOf(before, Math.max(to, at + 1));
      if (before === '') break;
    }
    // A mark that opens last and does not close is a verdict that was cut off.
    const isCut = found.length > 0 && before !== '' && after !== '' && small.includes(before, end);
    return isCut ? [...found, null] : found;
  });
}

/** What a pattern has before and after its placeholder, as lines are compared with it. */
function partsOf(pattern: string): [string, string] | undefined {
  const parts = pattern.split(PLACEHOLDER).map((part) => inSmall(withoutStars(part).replace(/\s+/g, ' ')));
  const [before, after] = parts;
  return parts.length === 2 && (before! + after!).trim() !== ''
    ? [before!.trimStart(), after!.trimEnd()]
    : undefined;
}

/** In small letters, each where it was: some have a small letter that is two. */
function inSmall(text: string): string {
  return text.replace(/\p{Lu}/gu, (letter) => {
    const small = letter.toLowerCase();
    return small.length === letter.length ? small : letter;
  });
}

/** Replies set a verdict in bold, or not. */
function withoutStars(text: string): string {
  return text.replace(/[*`]/g, '');
}

/** `<grade >` is the tag that `<grade>` is. */
const withTightTags = (text: string): string => text.replace(/<\s?(\/?)\s?([\w-]{1,60})\s?>/g, '<$1$2>');

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
