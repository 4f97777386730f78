import type { APICallError } from '@ai-sdk/provider';
import type { AbstentionReason } from '@touchstone/spec';
import { own } from '../text/json-value.js';
import { parseBody } from './body.js';

/** What a refusal means for the call. */
export interface ErrorClass {
  reason: AbstentionReason;
  /** The same call may succeed later. */
  isRetryable: boolean;
  /** What to do, where the provider's name for the error says it. */
  advice?: string;
}

const LATER: ErrorClass = { reason: 'transport', isRetryable: true };
const NEVER: ErrorClass = { reason: 'transport', isRetryable: false };
const TOO_MANY: ErrorClass = { reason: 'rate-limit', isRetryable: true };
const NO_CREDIT: ErrorClass = {
  reason: 'rate-limit',
  isRetryable: false,
  advice: '; the account has no credit left: waiting does not help',
};

/**
 * Errors whose name says more than their status. Sources: the error lists of the Bedrock runtime, the OpenAI API and the
 * Anthropic API.
 */
const BY_NAME: ReadonlyMap<string, ErrorClass> = new Map([
  // Amazon Bedrock, `x-amzn-errortype`. ModelNotReady comes with status 429 and is no sign of too many calls.
  ['ThrottlingException', TOO_MANY],
  ['ServiceUnavailableException', LATER],
  ['InternalServerException', LATER],
  ['ModelNotReadyException', LATER],
  ['ModelTimeoutException', LATER],
  ['ModelErrorException', NEVER],
  ['AccessDeniedException', NEVER],
  ['ValidationException', NEVER],
  ['ResourceNotFoundException', NEVER],
  [
    'ServiceQuotaExceededException',
    { ...NEVER, advice: "; a quota of the account is used up: raise it in the AWS console's Service Quotas" },
  ],
  // OpenAI and the servers that copy it: `error.code`, `error.type`.
  ['insufficient_quota', NO_CREDIT],
  ['billing_hard_limit_reached', NO_CREDIT],
  ['billing_not_active', NO_CREDIT],
  ['rate_limit_exceeded', TOO_MANY],
  ['server_error', LATER],
  ['engine_overloaded', LATER],
  ['context_length_exceeded', { ...NEVER, advice: '; the prompt is too long for this model' }],
  ['model_not_found', NEVER],
  // Anthropic: `error.type`.
  ['rate_limit_error', TOO_MANY],
  ['overloaded_error', LATER],
  ['api_error', LATER],
  ['timeout_error', LATER],
  ['billing_error', NO_CREDIT],
  ['request_too_large', NEVER],
]);

/** What a status means where the provider gives no name that is known. */
function byStatus(status: number): ErrorClass {
  if (status === 429) return TOO_MANY;
  // Less than 300: the reply could not be read, and may have been cut.
  return status === 408 || status === 409 || status === 425 || status >= 500 || status < 300 ? LATER : NEVER;
}

/** @param names names of the error, the most telling one first. */
export function classify(
  status: number,
  names: readonly string[],
  message: string,
  headers: Readonly<Record<string, string>>,
): ErrorClass {
  // OpenAI gives 429 for a request that is larger than the whole limit, with the code of a passing one.
  if (status === 429 && /^request too large/i.test(message)) {
    return { ...NEVER, reason: 'rate-limit', advice: '; it is larger than the whole limit of the account' };
  }
  const known = names.map((name) => BY_NAME.get(name)).find((found) => found !== undefined);
  // A success that cannot be read is not made any better by names in its body.
  const found = status < 300 ? LATER : (known ?? byStatus(status));
  // OpenAI and Anthropic say so themselves for some errors.
  const should = headers['x-should-retry'];
  if (should === 'false' && found.isRetryable) return { ...found, isRetryable: false };
  return found;
}

/** The names an error goes by: Bedrock's header, then `error.code` and `error.type` of the body. */
export function errorNames(error: APICallError): string[] {
  const header = error.responseHeaders?.['x-amzn-errortype'];
  const names: unknown[] = [header?.split(/[:#]/, 1)[0]];
  const body = parseBody(error.responseBody);
  const inner = own(body, 'error');
  // Bedrock's body may name it with a prefix: com.amazon.coral.service#ThrottlingException.
  const type = own(body, '__type');
  names.push(typeof type === 'string' ? type.slice(type.lastIndexOf('#') + 1) : undefined);
  for (const at of [inner, body]) names.push(own(at, 'code'), own(at, 'type'));
  return names.filter((name) => typeof name === 'string');
}
