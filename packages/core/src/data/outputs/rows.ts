import { open } from 'node:fs/promises';
import { InputError, type JsonObject, type JsonValue, type Place } from '@touchstone/spec';
import { isObject, jsonProblem, member } from '../../text/json-value.js';
import { duplicateProblem, readJsonLines, shorten, type Parsed } from '../json-lines.js';

/** Larger files are read as JSON Lines only. */
const MAX_DOCUMENT_BYTES = 256 * 2 ** 20;

/** Where a row stands, for messages: its line, or its place in a list of a whole JSON document. */
export interface RowPlace {
  place: Place;
  /** Such as `data[3]`, in a document or on a line that holds several rows. */
  within?: string;
}

/**
 * Hands every row of a file to `take`: the lines of JSON Lines, or the rows of a whole JSON document, which is a list or a page with
 * one (`data`, `items`, `rows`). NaN and Infinity, which Python writes, are null.
 *
 * @param isRow whether an object is a row itself, whatever lists it has.
 * @returns what the pages that hold the rows say besides, such as `run_name`.
 * @throws {InputError} the file cannot be read, or something in it is not JSON; at most 20 lines are named.
 */
export async function readRows(
  path: string,
  isRow: (value: JsonObject) => boolean,
  take: (row: JsonObject, at: RowPlace) => void,
): Promise<JsonObject[]> {
  const pages: JsonObject[] = [];
  const bad: { place: Place; message: string }[] = [];
  const takeOne = (value: JsonValue, at: RowPlace): void => {
    if (isObject(value)) take(value, at);
    else
      bad.push({
        place: at.place,
        message: `${at.within ?? 'the line'}: expected an object, got another JSON value`,
      });
  };
  const takePage = (value: JsonValue, place: Place): void => {
    const found = isObject(value) && isRow(value) ? undefined : rowsOf(value);
    if (found === undefined) return takeOne(value, { place });
    if (isObject(value)) pages.push(value);
    found.rows.forEach((row, i) => takeOne(row, { place, within: `${found.key}[${i}]` }));
  };
  const document = await readDocument(path);
  if (document !== undefined) takePage(document, { file: path });
  else {
    const { problems } = await readJsonLines(
      path,
      (value, line): Parsed<null> => {
        takePage(value, { file: path, line });
        return { value: null };
      },
      parseLoosely,
    );
    for (const { line, message } of problems) bad.push({ place: { file: path, line }, message });
  }
  if (bad.length > 0) throw new InputError(few(bad));
  return pages;
}

const SHOWN = 20;

/** A file of another kind has something wrong on every line: the first ones say it. */
export function few<T extends { place: Place; message: string }>(
  all: readonly T[],
): { place?: Place; message: string }[] {
  if (all.length <= SHOWN) return [...all];
  return [...all.slice(0, SHOWN), { message: `and ${all.length - SHOWN} more like these` }];
}

/** Keys under which pages have their rows. */
const PAGE_KEYS = ['data', 'items', 'rows'];

function rowsOf(value: JsonValue): { key: string; rows: JsonValue[] } | undefined {
  if (Array.isArray(value)) return { key: '', rows: value };
  if (!isObject(value)) return undefined;
  for (const key of PAGE_KEYS) {
    const rows = member(value, key);
    if (Array.isArray(rows) && rows.every((row) => isObject(row))) return { key, rows };
  }
  return undefined;
}

/** A file that is one JSON value and not the only line of JSON Lines; undefined for all others. */
async function readDocument(path: string): Promise<JsonValue | undefined> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return undefined; // Reading it as lines says why.
  let bytes: Buffer;
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.size > MAX_DOCUMENT_BYTES) return undefined;
    bytes = await file.readFile();
  } finally {
    await file.close();
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim();
  } catch {
    return undefined;
  }
  // The lines of JSON Lines are whole objects.
  const first = text.slice(0, text.indexOf('\n') + 1).trim();
  const isWhole = text.startsWith('[') || (first.startsWith('{') && !first.endsWith('}'));
  if (!isWhole) return undefined;
  let value: JsonValue;
  try {
    value = parseLoosely(text);
  } catch (cause) {
    const message = cause instanceof Error ? shorten(cause.message, 120) : String(cause);
    throw InputError.at({ file: path }, `expected JSON Lines or one whole JSON document: ${message}`, {
      cause,
    });
  }
  const unclean = jsonProblem(value) ?? duplicateProblem(text, value);
  if (unclean !== undefined) throw InputError.at({ file: path }, unclean);
  return value;
}

/** JSON, and NaN and Infinity outside of strings as null. */
function parseLoosely(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    if (!/NaN|Infinity/.test(text)) throw error;
    const strict = text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (found) =>
      found.startsWith('"') ? found : 'null',
    );
    return JSON.parse(strict) as JsonValue;
  }
}
