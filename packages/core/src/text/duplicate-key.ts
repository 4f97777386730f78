import type { JsonValue } from '@touchstone/spec';

/**
 * A key that some object in `json`, which must be JSON, has twice; undefined where none has. `JSON.parse` keeps the last one silently.
 *
 * @param value what `json` says, where it has been parsed already: with it, JSON without such a key is not read a second time.
 */
export function duplicateKey(json: string, value?: JsonValue): string | undefined {
  if (value !== undefined && hasNoneByCount(json, value)) return undefined;
  const open: (Set<string> | null)[] = [];
  for (let i = 0; i < json.length; i++) {
    const c = json[i];
    if (c === '{') open.push(new Set());
    else if (c === '[') open.push(null);
    else if (c === '}' || c === ']') open.pop();
    else if (c === '"') {
      const end = endOfString(json, i);
      const keys = open.at(-1);
      if (keys && isKey(json, end)) {
        const key = JSON.parse(json.slice(i, end)) as string;
        if (keys.has(key)) return key;
        keys.add(key);
      }
      i = end - 1;
    }
  }
  return undefined;
}

/**
 * Every key is followed by a colon, and each other colon is within a string: where what was parsed has as many keys and colons as the text has
 * colons, nothing was dropped. An escaped colon would be counted wrongly, and nobody writes one.
 */
function hasNoneByCount(json: string, root: JsonValue): boolean {
  let left = colonsIn(json);
  const stack: JsonValue[] = [root];
  const look = (value: JsonValue): void => {
    if (typeof value === 'string') left -= colonsIn(value);
    else if (typeof value === 'object' && value !== null) stack.push(value);
  };
  for (let value = stack.pop(); value !== undefined; value = stack.pop()) {
    if (Array.isArray(value)) value.forEach(look);
    else if (typeof value === 'object' && value !== null) {
      for (const key of Object.keys(value)) {
        left -= 1 + colonsIn(key);
        look(value[key]!);
      }
    }
  }
  return left === 0 && !json.includes('\\u003');
}

function colonsIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf(':'); at !== -1; at = text.indexOf(':', at + 1)) count++;
  return count;
}

/** Index behind the quote that closes the string at `start`. */
function endOfString(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); end !== -1; end = json.indexOf('"', end + 1)) {
    let slashes = 0;
    while (json[end - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
  return json.length;
}

/** Whether a string that ends there is a key. */
function isKey(json: string, end: number): boolean {
  let at = end;
  while (at < json.length && ' \t\n\r'.includes(json[at]!)) at++;
  return json[at] === ':';
}
