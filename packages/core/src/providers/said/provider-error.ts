import { AISDKError, APICallError, EmptyResponseBodyError } from '@ai-sdk/provider';
import { ProviderError, TouchstoneError } from '@touchstone/spec';
import { STATUS_CODES } from 'node:http';
import { own } from '../../text/json-value.js';
import { settingRefused } from '../refused-setting.js';
import type { NamedModel } from '../settings.js';
import { readBody } from './body.js';
import { errorInside, readComplaint } from './complaint.js';
import { meaningOf, type Meaning } from './meaning.js';
import { MAX_CAUSES, readRetryAfter, serverReplyOf, type ServerReply } from './server-reply.js';
import { cleanWords } from './words.js';

/** What a message may name of the call that failed. Secrets are blotted out of whatever the server said. */
export interface CallPlace {
  config: NamedModel;
  /** Where the key comes from, for people: a variable name or several. */
  keySource: string;
  /** As of now: keys are renewed. */
  secrets: () => readonly string[];
  signal: AbortSignal | undefined;
  /** Milliseconds since the epoch, to read a Retry-After that is a date. */
  now: () => number;
}

/** Errors of a name or a certificate do not go away by waiting. */
const PERMANENT_CODES = /^(ENOTFOUND|ERR_TLS|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|ERR_SSL|ERR_INVALID)/;
/** The request never left. */
const NOT_CONNECTED_CODES =
  /^(ECONNREFUSED|ETIMEDOUT|ENOTFOUND|EAI_|EHOSTUNREACH|ENETUNREACH|ERR_|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED)/;

/**
 * What a provider package threw, as the typed error that dispatch and verdicts understand.
 * Anything that is not a failure of the call (a defect of ours) is thrown again as it came.
 */
export function toProviderError(error: unknown, place: CallPlace): ProviderError {
  const { signal, config } = place;
  if (signal?.aborted) {
    const timedOut = signal.reason instanceof Error && signal.reason.name === 'TimeoutError';
    return timedOut
      ? new ProviderError(`${config.model}: no reply in time`, { reason: 'timeout', isRetryable: true })
      : new ProviderError(`${config.model}: the call was cancelled`, {
          reason: 'timeout',
          isRetryable: false,
        });
  }
  if (TouchstoneError.is(error)) throw error;
  const reply = serverReplyOf(error);
  if (reply !== undefined) return replyError(reply, (error as Error).message, place);
  const code = errorCode(error);
  if (code !== undefined || APICallError.isInstance(error))
    return connectionError(code ?? 'connection failed', place);
  if (!AISDKError.isInstance(error)) throw error;
  return new ProviderError(`${config.model}: ${cleanWords(error.message, place.secrets())}`, {
    reason: 'transport',
    isRetryable: EmptyResponseBodyError.isInstance(error),
  });
}

/**
 * What a server's answer that is no reply means: by its status, or where that is a success by what its body says in place
 * of a reply.
 *
 * @param said in place of words of the server, where it has none.
 */
export function replyError(
  { status: sent, headers, body, name }: ServerReply,
  said: string,
  place: CallPlace,
): ProviderError {
  const value = typeof body === 'string' ? readBody(body) : body;
  const complaint = readComplaint(sent < 300 ? (errorInside(value) ?? noReply(value)) : value);
  const header = headers['x-amzn-errortype']?.split(/[:#]/, 1)[0];
  complaint.names = [...[header, name].filter((one) => one !== undefined), ...complaint.names];
  complaint.words ||= said;
  const wait = readRetryAfter(headers, place.now()) ?? complaint.retryAfterMs;
  if (wait !== undefined) complaint.retryAfterMs = wait;
  const status = sent < 300 ? (complaint.status ?? sent) : sent;
  const meaning = meaningOf(status, complaint, headers);
  const isUnknown = meaning.fault === 'ours' && meaning.advice === undefined;
  const setting = isUnknown ? settingRefused(status, complaint, place.config) : undefined;
  const words = cleanWords(complaint.words, place.secrets()) || STATUS_CODES[status] || 'no reply';
  const advice = setting === undefined ? adviceFor(meaning, status, sent, place) : `; ${setting}`;
  return new ProviderError(`${place.config.model}: ${nameOf(meaning, status)}: ${words}${advice}`, {
    reason: meaning.reason,
    isRetryable: meaning.fault === 'passing',
    // A field that is refused is in every request.
    isLasting: meaning.fault === 'lasting' || setting !== undefined,
    status,
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
    // A refusal costs nothing, wherever it stands; a reply that broke off, or cannot be read, may.
    mayHaveCost: sent < 300 && (status < 300 || status >= 500),
  });
}

/**
 * The error of a success that has no text in it.
 *
 * @param isPassing the same question may be answered the next time; else the model has nothing to say to it.
 * @param counted by the provider: it is paid for all the same. What it left out or cannot be (no prompt has 0 tokens) is not known.
 */
export function noText(
  message: string,
  isPassing: boolean,
  counted: { inputTokens: number | undefined; outputTokens: number | undefined },
  { config }: CallPlace,
): ProviderError {
  const { inputTokens, outputTokens } = counted;
  const isCounted = isCount(inputTokens, 1) && isCount(outputTokens, 0);
  return new ProviderError(`${config.model}: ${message}`, {
    reason: isPassing ? 'transport' : 'unparseable',
    isRetryable: isPassing,
    mayHaveCost: true,
    ...(isCounted && { spent: { inputTokens, outputTokens } }),
  });
}

const isCount = (tokens: number | undefined, least: number): tokens is number =>
  Number.isInteger(tokens) && tokens! >= least;

/** Words of a success that is no reply, as far as they are some. */
function noReply(value: unknown): unknown {
  return own(value, 'choices') === undefined ? value : undefined;
}

function nameOf({ fault, reason, check }: Meaning, status: number): string {
  if (check === 'key') return `the API refused the key (${status})`;
  if (fault === 'refusal') return `refused for its content (${status})`;
  return reason === 'rate-limit' ? `rate limit (${status})` : `HTTP ${status}`;
}

function adviceFor(
  { fault, advice, check }: Meaning,
  status: number,
  sent: number,
  place: CallPlace,
): string {
  const { base_url: baseUrl } = place.config;
  const where = baseUrl === undefined ? 'the model name' : `base_url (${baseUrl}) and the model name`;
  if (advice !== undefined) return advice;
  if (check === 'key') return `; check ${place.keySource} and the model's access rights`;
  if (fault === 'refusal') return '';
  if (status < 300) return `; the reply is not what this API gives: check ${where}`;
  if (sent >= 300 && sent < 400) return `; redirects are not followed: check ${where}`;
  return check === 'address' ? `; check ${where}` : '';
}

function connectionError(code: string, { config }: CallPlace): ProviderError {
  const [where, rest] =
    config.base_url === undefined
      ? ['the API', 'is there a way to it from this machine?']
      : [config.base_url, 'is the server running, and is base_url its address?'];
  const isForGood = PERMANENT_CODES.test(code);
  return new ProviderError(`${config.model}: cannot reach ${where} (${code}); ${rest}`, {
    reason: 'transport',
    isRetryable: !isForGood,
    isLasting: isForGood,
    mayHaveCost: !NOT_CONNECTED_CODES.test(code),
  });
}

/** The system's error code, looked for along the chain of causes. */
export function errorCode(error: unknown): string | undefined {
  let current = error;
  for (let depth = 0; depth < MAX_CAUSES && current instanceof Error; depth++) {
    const { code, cause } = current as Error & { code?: unknown };
    if (typeof code === 'string') return code;
    current = cause ?? (current instanceof AggregateError ? (current.errors[0] as unknown) : undefined);
  }
  return undefined;
}
