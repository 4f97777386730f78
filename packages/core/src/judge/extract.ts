/** Bounds on the search, so that it stays linear in the length of the text whatever is in it. */
const MAX_MARKERS = 4;
const MAX_STARTS = 64;

/** Longer replies are not read; no judge that keeps to a format comes near. */
const MAX_CHARACTERS = 200_000;

/** Why a reply is not read at all; undefined where it is. */
export function lengthProblem(text: string): { problem: string } | undefined {
  return text.length > MAX_CHARACTERS
    ? { problem: `the reply is longer than ${MAX_CHARACTERS} characters` }
    : undefined;
}

/** What a reader made of a slice of a text. */
export interface FoundObject<T> {
  value: T;
  /** Its place in the text. */
  start: number;
  end: number;
}

/**
 * The last complete object in `text` that encloses `marker` and that a reader takes, or undefined. Looks from the
 * last marker backwards and, for each, from the innermost brace outwards, with the first (strictest) reader before
 * the next: an echo of the candidate or text around the object does no harm. A reader returns undefined to refuse a slice.
 */
export function lastObjectWith<T>(
  text: string,
  marker: string,
  readers: readonly ((slice: string) => T | undefined)[],
): FoundObject<T> | undefined {
  let at = text.lastIndexOf(marker);
  for (let markers = 0; at >= 0 && markers < MAX_MARKERS; markers++) {
    const slices = objectsAround(text, at);
    for (const read of readers) {
      for (const slice of slices) {
        const value = read(slice.text);
        if (value !== undefined) return { value, start: slice.start, end: slice.start + slice.text.length };
      }
    }
    at = at > 0 ? text.lastIndexOf(marker, at - 1) : -1;
  }
  return undefined;
}

/** Every complete object of JSON in `text` that stands in no other one, as text, in order. */
export function objectsIn(text: string): string[] {
  const slices: string[] = [];
  let start = text.indexOf('{');
  for (let starts = 0; start >= 0 && starts < MAX_STARTS; starts++) {
    const end = endOfObject(text, start);
    if (end > 0) slices.push(text.slice(start, end));
    start = text.indexOf('{', end > 0 ? end : start + 1);
  }
  return slices;
}

/** The balanced objects that enclose position `at`, innermost first. */
function objectsAround(text: string, at: number): { text: string; start: number }[] {
  const slices: { text: string; start: number }[] = [];
  let start = at > 0 ? text.lastIndexOf('{', at - 1) : -1;
  for (let starts = 0; start >= 0 && starts < MAX_STARTS; starts++) {
    const end = endOfObject(text, start);
    if (end > at) slices.push({ text: text.slice(start, end), start });
    start = start > 0 ? text.lastIndexOf('{', start - 1) : -1;
  }
  return slices;
}

/** Index after the brace that closes the one at `start`, or −1. Braces inside strings do not count. */
function endOfObject(text: string, start: number): number {
  let depth = 0;
  let inString = false;
  for (let i = start; i < text.length; i++) {
    const c = text[i];
    if (inString) {
      if (c === '\\') i++;
      else if (c === '"') inString = false;
    } else if (c === '"') inString = true;
    else if (c === '{') depth++;
    else if (c === '}' && --depth === 0) return i + 1;
  }
  return -1;
}
