import type { AbstentionReason } from '@touchstone/spec';
import { STREAM_NOT_ASKED } from './body.js';
import type { Complaint } from './complaint.js';

/** What a refusal means for the call, and for the calls after it. */
export interface Meaning {
  /**
   * `passing`: the same call may succeed soon. `lasting`: no call to this model will for some time, whatever it asks.
   * `ours`: this call never will. `refusal`: the content is what the provider will not answer.
   */
  fault: 'passing' | 'lasting' | 'ours' | 'refusal';
  reason: AbstentionReason;
  /** What to do, where that is known. */
  advice?: string;
  /** What to look at: the key, or the address and the name of the model. */
  check?: 'key' | 'address';
}

/** A provider that wants a longer pause than this refuses for a long time. */
export const LONGEST_WAIT_MS = 5 * 60_000;

const LATER: Meaning = { fault: 'passing', reason: 'transport' };
const TOO_MANY: Meaning = { fault: 'passing', reason: 'rate-limit' };
const NEVER: Meaning = { fault: 'ours', reason: 'transport' };
const CONTENT: Meaning = { fault: 'refusal', reason: 'refusal' };
const NO_KEY: Meaning = { fault: 'lasting', reason: 'transport', check: 'key' };
const NO_MODEL: Meaning = { fault: 'lasting', reason: 'transport', check: 'address' };
const TOO_LONG: Meaning = { ...NEVER, advice: '; the prompt is too long for this model' };
const LASTING_LIMIT: Meaning = { fault: 'lasting', reason: 'rate-limit' };
const NO_CREDIT: Meaning = {
  ...LASTING_LIMIT,
  advice: '; the account has no credit left: waiting does not help',
};
const USED_UP: Meaning = { ...LASTING_LIMIT, advice: '; a quota of the account is used up for a long time' };

/**
 * Errors whose name says more than their status, in small letters. Sources: the error lists of the Bedrock runtime, the
 * OpenAI API, the Anthropic API, Google's RPC codes and Azure OpenAI.
 */
const BY_NAME: ReadonlyMap<string, Meaning> = new Map([
  // Amazon Bedrock, `x-amzn-errortype`. ModelNotReady comes with status 429 and is no sign of too many calls.
  ['throttlingexception', TOO_MANY],
  ['serviceunavailableexception', LATER],
  ['internalserverexception', LATER],
  ['modelnotreadyexception', LATER],
  ['modeltimeoutexception', LATER],
  ['modelerrorexception', NEVER],
  ['accessdeniedexception', NO_KEY],
  ['unrecognizedclientexception', NO_KEY],
  ['expiredtokenexception', NO_KEY],
  ['validationexception', NEVER],
  ['resourcenotfoundexception', NO_MODEL],
  [
    'servicequotaexceededexception',
    {
      fault: 'lasting',
      reason: 'transport',
      advice: "; a quota of the account is used up: raise it in the AWS console's Service Quotas",
    },
  ],
  // OpenAI and the servers that copy it: `error.code`, `error.type`.
  ['insufficient_quota', NO_CREDIT],
  ['billing_hard_limit_reached', NO_CREDIT],
  ['billing_not_active', NO_CREDIT],
  ['exceeded_current_quota_error', NO_CREDIT],
  ['budget_exceeded', NO_CREDIT],
  ['account_deactivated', NO_KEY],
  ['invalid_api_key', NO_KEY],
  ['rate_limit_exceeded', TOO_MANY],
  ['server_error', LATER],
  ['engine_overloaded', LATER],
  ['context_length_exceeded', TOO_LONG],
  ['model_not_found', NO_MODEL],
  ['content_filter', CONTENT],
  ['content_policy_violation', CONTENT],
  ['data_inspection_failed', CONTENT],
  [STREAM_NOT_ASKED, NO_MODEL],
  // Azure OpenAI: `error.innererror.code`, `error.code`.
  ['responsibleaipolicyviolation', CONTENT],
  ['deploymentnotfound', NO_MODEL],
  // Anthropic: `error.type`.
  ['rate_limit_error', TOO_MANY],
  ['overloaded_error', LATER],
  ['api_error', LATER],
  ['timeout_error', LATER],
  ['billing_error', NO_CREDIT],
  ['authentication_error', NO_KEY],
  ['permission_error', NO_KEY],
  ['not_found_error', NO_MODEL],
  ['request_too_large', NEVER],
  // Google: `error.status`.
  ['resource_exhausted', TOO_MANY],
  ['unavailable', LATER],
  ['unauthenticated', NO_KEY],
  ['permission_denied', NO_KEY],
]);

const CONTENT_WORDS =
  /content (management |filter(ing)? )?polic|content.?filter(ed)?\b|responsible ai|flagged (by|as|for)|input was flagged|requires moderation|safety (system|filter|polic)|usage polic/i;
const DAILY =
  /\b(per|an?|each|this|current)[ -](day|week|month)\b|\b(daily|weekly|monthly)\b|PerDay|PerMonth|\b[TR]PD\b/i;
const BY_MINUTE = /per[ -]?(second|minute)|PerMinute|\b[TR]PM\b/i;
const CREDIT =
  /insufficient[ _](\w+[ _])?(credit|balance|fund|quota)|(out of|not enough|no|more) (credits?|balance|funds)\b|credit balance|exceeded your current quota|payment required|billing (hard limit|is not|not active)|(spend|spending) limit/i;
const BLOCKED =
  /\b(account|organi[sz]ation|project|subscription)\b.{0,60}\b(deactivated|disabled|suspended|terminated|blocked|expired)\b/i;
const KEY =
  /\b(invalid|incorrect|wrong|missing|expired|revoked|unknown|no)\b.{0,20}\b(api[ _-]?key|access token|auth credentials)|\bapi[ _-]?key\b.{0,30}\b(invalid|incorrect|not valid|missing|expired|revoked|required)/i;
const MODEL =
  /\bmodels?\b.{0,80}\b(not (be )?found|do(es)? not exist|doesn't exist|not exist|deprecated|decommissioned|discontinued|retired|not available|no longer)\b|\b(no such|unknown|invalid|unsupported) model\b|not a valid model/i;
const LONG =
  /context (length|window|size)|(prompt|input)( tokens)? (is|are|was) too (long|large)|too many (input |total )?tokens in|maximum (prompt|input|sequence) length/i;

/** What a status means where nothing else says more. */
function byStatus(status: number): Meaning {
  if (status === 401 || status === 403 || status === 407) return NO_KEY;
  if (status === 402) return NO_CREDIT;
  if (status === 429) return TOO_MANY;
  if ((status >= 300 && status < 400) || status === 404 || status === 405 || status === 410) return NO_MODEL;
  if (status === 501) return NEVER;
  // Less than 300: the reply could not be read, and may have been cut.
  return status === 408 || status === 409 || status === 425 || status >= 500 || status < 300 ? LATER : NEVER;
}

/**
 * What a complaint means.
 *
 * @param status the server's, or the one that the body holds where the server said 200.
 */
export function meaningOf(
  status: number,
  { words, names, retryAfterMs }: Complaint,
  headers: Readonly<Record<string, string>>,
): Meaning {
  const found = byWords(status, words, names, retryAfterMs) ?? byStatus(status);
  if (found.fault !== 'passing') return found;
  // OpenAI and Anthropic say so themselves for some errors.
  if (headers['x-should-retry'] === 'false') return { ...found, fault: 'ours' };
  return (retryAfterMs ?? 0) > LONGEST_WAIT_MS ? { ...found, fault: 'lasting' } : found;
}

function byWords(
  status: number,
  words: string,
  names: readonly string[],
  retryAfterMs: number | undefined,
): Meaning | undefined {
  // Addresses in the words speak of billing and of plans whatever is wrong.
  const said = words.replace(/https?:\S+/g, '');
  // An error inside a success has only its words.
  const isOurs = status < 300 || (status >= 400 && status < 500 && ![408, 409, 425, 429].includes(status));
  // Servers say `api_error` or `server_error` of whatever goes wrong; a status that blames the request says more.
  const known = names
    .map((name) => BY_NAME.get(name.toLowerCase()))
    .find((one) => one !== undefined && !(one === LATER && isOurs && status >= 400));
  if (isOurs && CONTENT_WORDS.test(said)) return CONTENT;
  // OpenAI gives 429 for a request that is larger than the whole limit, with the code of a passing one.
  if ((status === 429 || status === 413) && /^request too large/i.test(said)) {
    return { ...NEVER, reason: 'rate-limit', advice: '; it is larger than the whole limit of the account' };
  }
  const isLimit = status === 429 || status === 403 || known?.reason === 'rate-limit';
  const all = [said, ...names].join(' ');
  if (isLimit && DAILY.test(all)) return known === NO_CREDIT ? known : USED_UP;
  if (known !== undefined && known.reason !== 'rate-limit' && known !== NEVER) return known;
  const isShort = BY_MINUTE.test(all) || (retryAfterMs !== undefined && retryAfterMs <= LONGEST_WAIT_MS);
  if (CREDIT.test(all) && (known === NO_CREDIT || !(status === 429 && isShort))) return NO_CREDIT;
  if (BLOCKED.test(said)) return NO_KEY;
  if (isOurs && KEY.test(said)) return NO_KEY;
  if (isOurs && LONG.test(said)) return TOO_LONG;
  if (isOurs && MODEL.test(said)) return NO_MODEL;
  return known;
}
