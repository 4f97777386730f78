import { own } from '../../text/json-value.js';

/** What a server answered, as an error carries it. */
export interface ServerReply {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  /** Text, or a value that was read from it already. */
  body: unknown;
  /** What the client called the error, such as `ThrottlingException`. */
  name: string | undefined;
}

/** Causes of causes are looked at up to here. */
export const MAX_CAUSES = 8;
/** Where clients put the status, the body and the headers; `response` for those that carry the reply as an object. */
const STATUS = ['statusCode', 'status', 'httpStatusCode'];
const BODY = ['responseBody', 'body', 'data', 'error'];
const HEADERS = ['responseHeaders', 'headers'];
const WITHIN = ['$metadata', 'response', '$response'];

/**
 * The server's answer in an error that a client threw, whichever client: those of the AI SDK (`statusCode`,
 * `responseBody`), of OpenAI and Anthropic (`status`, `error`), of AWS (`$metadata`) or one that wraps the reply
 * (`response`). undefined when there is none: the server was not reached, or the error is a defect.
 */
export function serverReplyOf(error: unknown): ServerReply | undefined {
  let current = error;
  for (let depth = 0; depth < MAX_CAUSES && current instanceof Error; depth++) {
    const places = [current, ...WITHIN.map((key) => own(current, key))];
    const status = first(places, STATUS, isStatus);
    if (typeof status === 'number') {
      return {
        status,
        headers: plain(first(places, HEADERS, (value) => typeof value === 'object' && value !== null)),
        body: first(places, BODY, (value) => value !== undefined && value !== null),
        name: /^(Error|AI_APICallError|APIError)$/.test(current.name) ? undefined : current.name,
      };
    }
    current = current.cause;
  }
  return undefined;
}

const isStatus = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 100 && (value as number) <= 599;

function first(
  places: readonly unknown[],
  keys: readonly string[],
  isIt: (value: unknown) => boolean,
): unknown {
  for (const place of places)
    for (const key of keys) {
      const value = own(place, key);
      if (isIt(value)) return value;
    }
  return undefined;
}

function plain(headers: unknown): Record<string, string> {
  if (typeof headers !== 'object' || headers === null) return {};
  const entries =
    Symbol.iterator in headers ? [...(headers as Iterable<[string, unknown]>)] : Object.entries(headers);
  return Object.fromEntries(
    entries.flatMap(([name, value]) => (typeof value === 'string' ? [[name.toLowerCase(), value]] : [])),
  );
}

/**
 * Milliseconds the server asks to wait: `retry-after-ms`, or `retry-after` in seconds or as an HTTP date
 * (RFC 9110 §10.2.3). Undefined when it does not say, or not legibly.
 */
export function readRetryAfter(headers: Readonly<Record<string, string>>, now: number): number | undefined {
  const ms = headers['retry-after-ms'];
  if (ms !== undefined && /^\d+(\.\d+)?$/.test(ms)) return Math.ceil(Number(ms));
  const after = headers['retry-after'];
  if (after === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(after)) return Math.ceil(Number(after) * 1000);
  const date = Date.parse(after);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
