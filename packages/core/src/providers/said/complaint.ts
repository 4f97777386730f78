import { isRecord, own } from '../../text/json-value.js';
import { parseJson } from './body.js';
import { plainLine } from './words.js';

/** What a body says went wrong. */
export interface Complaint {
  /** The provider's words for people, from wherever it puts them, as one line; secrets are still in them. Empty when there are none. */
  words: string;
  /** The names that the error goes by, the most telling first. */
  names: string[];
  /** Fields of the request that are named apart from the words. */
  fields: string[];
  /** The HTTP status that the body holds, 400–599. */
  status?: number;
  /** Milliseconds to wait before the next try. */
  retryAfterMs?: number;
}

/** Where servers put words, an error within an error, and its names. */
const WORDS = [
  'message',
  'Message',
  'msg',
  'detail',
  'error_message',
  'errorMessage',
  'error_description',
  'error_msg',
  'errorMsg',
  'faultstring',
  'status_msg',
  'title',
];
const WITHIN = ['error', 'errors', 'fault', 'innererror', 'metadata', 'base_resp', 'cause', 'raw'];
const NAMES = ['code', 'type', 'status', '__type', 'reason', 'error_type', 'errorcode', 'quotaId', 'Code'];
const FIELDS = ['param', 'parameter', 'field'];
/** A body is a stranger's: what is deeper or longer is not looked at. */
const MAX_DEPTH = 8;
const MAX_ENTRIES = 8;
const MAX_WORDS = 4000;

/** Reads a body of any shape as what went wrong. */
export function readComplaint(body: unknown): Complaint {
  const found: Complaint = { words: '', names: [], fields: [] };
  const words = new Set<string>();
  collect(body, 0);
  const said = plainLine([...words].join(': ')).slice(0, MAX_WORDS);
  const wait = found.retryAfterMs ?? statedWaitMs(said);
  return { ...found, words: said, ...(wait === undefined ? {} : { retryAfterMs: wait }) };

  function collect(value: unknown, depth: number): void {
    if (depth > MAX_DEPTH) return;
    if (typeof value === 'string') return collectText(value, depth);
    if (Array.isArray(value)) {
      for (const entry of value.slice(0, MAX_ENTRIES)) collect(entry, depth + 1);
    } else if (isRecord(value)) collectObject(value, depth);
  }

  function collectText(value: string, depth: number): void {
    const text = value.trim();
    // Gateways hand on the body of the server behind them as a text.
    const inner = /^[[{]/.test(text) ? parseJson(text) : undefined;
    if (inner !== undefined) collect(inner, depth + 1);
    else if (text !== '') words.add(text);
  }

  function collectObject(value: Record<string, unknown>, depth: number): void {
    const loc = own(value, 'loc');
    const place = Array.isArray(loc) ? loc.filter((part) => typeof part !== 'object').map(String) : [];
    if (place.length > 0) {
      const said = [own(value, 'msg'), own(value, 'type')].find((one) => typeof one === 'string');
      words.add(`${place.join('.')}: ${said ?? 'wrong'}`);
      for (const part of place) found.fields.push(part);
    } else for (const key of WORDS) collect(own(value, key), depth + 1);
    for (const key of FIELDS) {
      const field = own(value, key);
      if (typeof field === 'string' && field !== '') found.fields.push(field);
    }
    for (const key of WITHIN) collect(own(value, key), depth + 1);
    collectDetails(own(value, 'details'), depth);
    collectDetails(own(value, 'violations'), depth);
    for (const key of NAMES) collectName(own(value, key));
    collectWait(value);
  }

  /** Of Google's details the names and the wait; their words are about other things. */
  function collectDetails(value: unknown, depth: number): void {
    if (!Array.isArray(value) || depth > MAX_DEPTH) return;
    for (const entry of value.slice(0, MAX_ENTRIES)) {
      for (const key of NAMES) collectName(own(entry, key));
      collectDetails(own(entry, 'violations'), depth + 1);
      collectWait(entry);
    }
  }

  function collectName(name: unknown): void {
    const status =
      typeof name === 'number' || (typeof name === 'string' && /^\d{3}$/.test(name)) ? Number(name) : 0;
    if (Number.isInteger(status) && status >= 400 && status <= 599) found.status ??= status;
    // A name may have a prefix: com.amazon.coral.service#ThrottlingException.
    else if (typeof name === 'string' && name !== '') found.names.push(name.slice(name.lastIndexOf('#') + 1));
  }

  function collectWait(value: unknown): void {
    const delay = own(value, 'retryDelay');
    const seconds =
      own(value, 'retry_after') ?? (typeof delay === 'string' ? /^([\d.]+)s$/.exec(delay)?.[1] : undefined);
    const wait = seconds === undefined || seconds === null ? NaN : Math.ceil(Number(seconds) * 1000);
    if (wait >= 0 && Number.isSafeInteger(wait)) found.retryAfterMs ??= wait;
  }
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The wait in words such as "Please try again in 9m38.016s" (Groq, OpenAI, Gemini). */
function statedWaitMs(words: string): number | undefined {
  const stated = /(?:try again|retry) (?:in|after) ((?:\d+(?:\.\d+)?\s?(?:ms|[smhd])[a-z]{0,6}\s?)+)/i.exec(
    words,
  )?.[1];
  if (stated === undefined) return undefined;
  const parts = [...stated.matchAll(/(\d+(?:\.\d+)?)\s?(ms|[smhd])/gi)];
  return Math.ceil(parts.reduce((sum, [, n, unit]) => sum + Number(n) * UNITS[unit!.toLowerCase()]!, 0));
}

/** The part of a body that came with a success and says an error all the same; undefined where it says none. */
export function errorInside(body: unknown): unknown {
  if (Array.isArray(body)) return body.find((entry) => errorInside(entry) !== undefined) as unknown;
  if (!isRecord(body)) return undefined;
  const choices = own(body, 'choices');
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  const code = own(own(body, 'base_resp'), 'status_code');
  const isError =
    ['error', 'errors', 'fault'].some((key) => isFilled(own(body, key))) ||
    own(body, 'object') === 'error' ||
    own(body, 'type') === 'error' ||
    own(body, 'success') === false ||
    (typeof code === 'number' && code !== 0);
  if (isError) return body;
  return isFilled(own(first, 'error')) ? { error: own(first, 'error') } : undefined;
}

/** Servers write `"error": null`, `""` or `{"code": 0, "message": ""}` where there is none. */
function isFilled(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return Boolean(value);
  if (depth > MAX_DEPTH) return true;
  return Object.values(value).some((inner) => isFilled(inner, depth + 1));
}
