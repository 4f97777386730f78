import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { InputError } from '@touchstone/spec';
import type { JsonValue } from '@touchstone/spec';
import { duplicateKey } from '../text/duplicate-key.js';
import { jsonProblem } from '../text/json-value.js';

/** A line of a data file that cannot be used; `line` is 1-based and counts blank lines too. */
export interface LineProblem {
  line: number;
  message: string;
}

/** What a line parser says: the record, or everything that is wrong with the line. */
export type Parsed<T> = { value: T } | { problems: string[] };

/** Longer lines are refused, so that a file without line ends cannot fill the memory. */
const MAX_LINE_BYTES = 32 * 2 ** 20;

/**
 * Reads a JSON Lines file as a stream and hands every line that is not blank to `parse`.
 * `parse` gets a value that is JSON-clean: no key twice in an object, no `__proto__` key, finite numbers, bounded depth.
 *
 * @param parseJson reads a line; it throws where that is not JSON.
 * @throws {InputError} when the file cannot be read as JSON Lines at all: missing, a folder, empty, UTF-16, or one
 *   big JSON array.
 */
export async function readJsonLines<T>(
  path: string,
  parse: (value: JsonValue, line: number) => Parsed<T>,
  parseJson: (text: string) => unknown = JSON.parse,
): Promise<{ records: T[]; problems: LineProblem[] }> {
  const file = await openData(path);
  const records: T[] = [];
  const problems: LineProblem[] = [];
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    let first = true;
    for await (const { line, bytes } of splitLines(file)) {
      const refuse = (message: string): void => void problems.push({ line, message });
      if (first) refuseOtherFormats(path, bytes);
      if (bytes.length > MAX_LINE_BYTES) {
        refuse(`expected a line of at most ${MAX_LINE_BYTES / 2 ** 20} MiB`);
        continue;
      }
      let text: string;
      try {
        text = decoder.decode(bytes);
      } catch {
        refuse('not UTF-8 text: save the file in the UTF-8 encoding');
        continue;
      }
      if (text.trim() === '') continue;
      if (first) refuseWholeJson(path, line, text);
      if (first) refuseTable(path, line, text);
      first = false;
      let value: JsonValue;
      try {
        value = parseJson(text) as JsonValue;
      } catch (error) {
        refuse(`not JSON: ${error instanceof Error ? shorten(error.message, 120) : String(error)}`);
        continue;
      }
      const unclean = jsonProblem(value) ?? duplicateProblem(text, value);
      if (unclean !== undefined) {
        refuse(unclean);
        continue;
      }
      const parsed = parse(value, line);
      if ('value' in parsed) records.push(parsed.value);
      else for (const message of parsed.problems) refuse(message);
    }
    if (first && problems.length === 0) {
      throw InputError.at({ file: path }, 'the file is empty: expected one JSON object a line');
    }
  } finally {
    await file.close();
  }
  return { records, problems };
}

/** The records, or one InputError that names every bad line as `file:line`. */
export function recordsOrThrow<T>(path: string, read: { records: T[]; problems: LineProblem[] }): T[] {
  if (read.problems.length > 0) {
    throw new InputError(
      read.problems.map(({ line, message }) => ({ place: { file: path, line }, message })),
    );
  }
  return read.records;
}

/** Problems with the same message become one, at the first of their places, that says how many there are. */
export function together<T extends { message: string }>(problems: readonly T[]): T[] {
  const counts = new Map<string, number>();
  for (const { message } of problems) counts.set(message, (counts.get(message) ?? 0) + 1);
  const first = new Map(problems.toReversed().map((one) => [one.message, one]));
  return [...new Set(problems.map(({ message }) => message))].map((message) => {
    const more = counts.get(message)! - 1;
    return { ...first.get(message)!, message: more === 0 ? message : `${message} (${more} more like this)` };
  });
}

/** Cuts text that is quoted in a message; control characters become spaces. */
export function shorten(text: string, limit = 60): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
  return plain.length <= limit ? plain : `${plain.slice(0, limit - 1)}…`;
}

/** What is wrong with JSON that was read as `value`, if an object in it has a key twice: which of the two is meant is not known. */
export function duplicateProblem(text: string, value: JsonValue): string | undefined {
  const key = duplicateKey(text, value);
  return key === undefined
    ? undefined
    : `the key "${shorten(key)}" is there twice in one object: expected it once`;
}

async function openData(path: string): Promise<FileHandle> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (cause) {
    throw InputError.at({ file: path }, `cannot open the data file: ${openFailure(cause)}`, { cause });
  }
  if ((await file.stat()).isDirectory()) {
    await file.close();
    throw InputError.at({ file: path }, 'expected a JSON Lines file, got a folder');
  }
  return file;
}

function openFailure(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file';
  if (code === 'EACCES' || code === 'EPERM') return 'no permission to read it';
  return code;
}

/** Lines without their line end; `bytes` of a line over the limit are cut just behind the limit. */
async function* splitLines(file: FileHandle): AsyncGenerator<{ line: number; bytes: Buffer }> {
  let line = 1;
  let parts: Buffer[] = [];
  let size = 0;
  const keep = (bytes: Buffer): void => {
    if (size <= MAX_LINE_BYTES) parts.push(bytes);
    size += bytes.length;
  };
  for await (const chunk of file.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      keep(chunk.subarray(start, end));
      yield { line, bytes: parts.length === 1 ? parts[0]! : Buffer.concat(parts) };
      line++;
      parts = [];
      size = 0;
      start = end + 1;
    }
    keep(chunk.subarray(start));
  }
  if (size > 0) yield { line, bytes: Buffer.concat(parts) };
}

/** UTF-16 and binary files would give one useless message a line; say it once. */
function refuseOtherFormats(path: string, bytes: Buffer): void {
  const [a, b] = bytes;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) {
    throw InputError.at({ file: path }, 'the file is UTF-16: save it in the UTF-8 encoding');
  }
  if (bytes.includes(0)) {
    throw InputError.at({ file: path }, 'the file is not text: expected JSON Lines in UTF-8');
  }
}

/** A header of plain words between commas, semicolons or tabs is no JSON, and neither is what follows. */
function refuseTable(path: string, line: number, text: string): void {
  const isTable = [',', ';', '\t'].some((mark) => {
    const cells = text.trim().split(mark);
    return cells.length > 1 && cells.every((cell) => /^"?[\p{L}_][\p{L}\p{N}_. -]*"?$/u.test(cell.trim()));
  });
  if (isTable) {
    throw InputError.at(
      { file: path, line },
      'the file looks like CSV, which is not read: expected JSON Lines; docs/data.md has a line that converts it',
    );
  }
}

function refuseWholeJson(path: string, line: number, text: string): void {
  const start = text.trim();
  if (start.startsWith('[') || start === '{') {
    throw InputError.at(
      { file: path, line },
      'the file is one JSON value: expected JSON Lines, one complete object on each line',
    );
  }
}
