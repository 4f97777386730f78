import { AISDKError, APICallError } from '@ai-sdk/provider';
import { ProviderError } from '@touchstone/spec';
import { classify, errorNames } from './error-class.js';
import { withoutSecrets } from './keys.js';

/** What a message may name of the call that failed. Secrets are blotted out of whatever the server said. */
export interface CallPlace {
  /** `provider:model`. */
  id: string;
  /** Where the key comes from, for people: a variable name or several. */
  keySource: string;
  baseUrl: string | undefined;
  /** As of now: keys are renewed. */
  secrets: () => readonly string[];
  /** The request carried a JSON Schema for the provider to enforce. */
  structuredOutput: boolean;
  signal: AbortSignal | undefined;
  /** Milliseconds since the epoch, to read a Retry-After that is a date. */
  now: () => number;
}

/** Errors of a name or a certificate do not go away by waiting. */
const PERMANENT_CODES = /^(ENOTFOUND|ERR_TLS|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|ERR_SSL|ERR_INVALID)/;
/** The request never left. */
const NOT_CONNECTED_CODES =
  /^(ECONNREFUSED|ETIMEDOUT|ENOTFOUND|EAI_|EHOSTUNREACH|ENETUNREACH|ERR_|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED)/;
const MAX_DETAIL = 300;

/**
 * What a provider package threw, as the typed error that dispatch and verdicts understand.
 * Anything that is not a failure of the call (a defect of ours) is thrown again as it came.
 */
export function toProviderError(error: unknown, place: CallPlace): ProviderError {
  if (place.signal?.aborted) {
    const timedOut = place.signal.reason instanceof Error && place.signal.reason.name === 'TimeoutError';
    return timedOut
      ? new ProviderError(`${place.id}: no reply in time`, { reason: 'timeout', isRetryable: true })
      : new ProviderError(`${place.id}: the call was cancelled`, { reason: 'timeout', isRetryable: false });
  }
  if (APICallError.isInstance(error)) {
    return error.statusCode === undefined
      ? connectionError(error, place)
      : statusError(error, error.statusCode, place);
  }
  if (errorCode(error) !== undefined) return connectionError(error, place);
  if (AISDKError.isInstance(error)) {
    return new ProviderError(`${place.id}: ${detailOf(error.message, place)}`, {
      reason: 'transport',
      isRetryable: false,
    });
  }
  throw error;
}

function statusError(error: APICallError, status: number, place: CallPlace): ProviderError {
  const headers = error.responseHeaders ?? {};
  const said = detailOf(error.message, place);
  const { reason, isRetryable, advice } = classify(status, errorNames(error), error.message, headers);
  const retryAfterMs = isRetryable ? readRetryAfter(headers, place.now()) : undefined;
  const info = { reason, isRetryable, status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  if (status === 401 || status === 403) {
    // The server's own words are left out: some repeat the key.
    const message = `${place.id}: the API refused the key (${status}); check ${place.keySource} and the model's access rights`;
    return new ProviderError(message, { ...info, isRetryable: false });
  }
  const what = reason === 'rate-limit' ? `rate limit (${status})` : `HTTP ${status}`;
  return new ProviderError(
    `${place.id}: ${what}: ${said}${advice ?? statusAdvice(status, isRetryable, said, place)}`,
    info,
  );
}

/** What to set when a server names a field that it refuses; the first that it names counts. */
const REFUSED: readonly (readonly [RegExp, string])[] = [
  [/max_completion_tokens/, 'set max_tokens_field: max_completion_tokens'],
  [/\btemperature\b/, 'if it refuses the temperature, set temperature: null'],
  [/\bseed\b/, 'if it refuses the seed, set seed: false'],
];

function statusAdvice(status: number, isRetryable: boolean, said: string, place: CallPlace): string {
  const where =
    place.baseUrl === undefined ? 'the model name' : `base_url (${place.baseUrl}) and the model name`;
  if (status === 404) return `; check ${where}`;
  if (status < 300) return `; the reply is not what this API gives: check ${where}`;
  if (status < 400) return `; redirects are not followed: check ${where}`;
  if (isRetryable || (status !== 400 && status !== 422)) return '';
  const refused = REFUSED.find(([field]) => field.test(said));
  if (refused) return `; ${refused[1]}`;
  return place.structuredOutput
    ? '; if the server does not know JSON Schema replies, set structured_output: prompt'
    : '';
}

function connectionError(error: unknown, place: CallPlace): ProviderError {
  const code = errorCode(error) ?? 'connection failed';
  const where = place.baseUrl === undefined ? 'the API' : place.baseUrl;
  return new ProviderError(
    `${place.id}: cannot reach ${where} (${code}); is the server running and the address right?`,
    {
      reason: 'transport',
      isRetryable: !PERMANENT_CODES.test(code),
      mayHaveCost: !NOT_CONNECTED_CODES.test(code),
    },
  );
}

/** The system's error code, looked for along the chain of causes. */
function errorCode(error: unknown): string | undefined {
  let current = error;
  for (let depth = 0; depth < 8 && current instanceof Error; depth++) {
    const { code, cause } = current as Error & { code?: unknown };
    if (typeof code === 'string') return code;
    current = cause ?? (current instanceof AggregateError ? (current.errors[0] as unknown) : undefined);
  }
  return undefined;
}

function detailOf(message: string, { secrets }: CallPlace): string {
  const line = withoutSecrets(message, secrets()).replace(/\s+/g, ' ').trim();
  return line.length > MAX_DETAIL ? `${line.slice(0, MAX_DETAIL)}…` : line;
}

/**
 * Milliseconds the server asks to wait: `retry-after-ms`, or `retry-after` in seconds or as an HTTP date
 * (RFC 9110 §10.2.3). Undefined when it does not say, or not legibly.
 */
export function readRetryAfter(headers: Record<string, string>, now: number): number | undefined {
  const ms = headers['retry-after-ms'];
  if (ms !== undefined && /^\d+(\.\d+)?$/.test(ms)) return Math.ceil(Number(ms));
  const after = headers['retry-after'];
  if (after === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(after)) return Math.ceil(Number(after) * 1000);
  const date = Date.parse(after);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
