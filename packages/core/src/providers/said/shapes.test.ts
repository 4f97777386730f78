import type { ProviderError } from '@touchstone/spec';
import { describe, expect, it } from 'vitest';
import { KEY, place } from './place.testing.js';
import { replyError } from './provider-error.js';

const errorOf = (status: number, body: unknown, headers = {}) =>
  replyError({ status, headers, body, name: undefined }, '', place);

type Outcome = 'passing' | 'lasting' | 'ours' | 'refusal';
function outcomeOf({ isRetryable, isLasting, reason }: ProviderError): Outcome {
  if (isRetryable) return 'passing';
  return isLasting ? 'lasting' : reason === 'refusal' ? 'refusal' : 'ours';
}

/** Status, body, what it means, words that the message holds. */
const SHAPES: [string, number, unknown, Outcome, string][] = [
  // Where servers put their words.
  [
    'a list (Google)',
    503,
    [{ error: { code: 503, message: 'Overloaded now', status: 'UNAVAILABLE' } }],
    'passing',
    'Overloaded now',
  ],
  ['detail as a text (FastAPI)', 400, { detail: 'Wrong adapter' }, 'ours', 'Wrong adapter'],
  [
    'detail as a list (FastAPI)',
    422,
    { detail: [{ loc: ['body', 'n'], msg: 'Must be 1', type: 'value' }] },
    'ours',
    'body.n: Must be 1',
  ],
  [
    'errors (Cloudflare)',
    500,
    { success: false, errors: [{ code: 7003, message: 'Could not route' }] },
    'passing',
    'Could not route',
  ],
  ['Message (AWS)', 403, { Message: 'The security token is old' }, 'lasting', 'The security token is old'],
  [
    'fault (Apigee)',
    401,
    { fault: { faultstring: 'No consumer', detail: { errorcode: 'oauth.v2' } } },
    'lasting',
    'No consumer',
  ],
  [
    'a text in a text (gateways)',
    500,
    { error: { message: '{"error":{"message":"Behind it"}}' } },
    'passing',
    'Behind it',
  ],
  ['plain text', 502, 'upstream connect error', 'passing', 'upstream connect error'],
  [
    'a page (nginx)',
    504,
    '<html><head><title>504 Gateway Time-out</title></head></html>',
    'passing',
    '504 Gateway Time-out',
  ],
  ['nothing', 500, '', 'passing', 'Internal Server Error'],
  // Limits that pass, and those that do not.
  [
    'a minute (Groq)',
    429,
    {
      error: {
        message:
          'Rate limit on tokens per minute (TPM): try again in 7.66s. Upgrade: https://c/settings/billing',
        code: 'rate_limit_exceeded',
      },
    },
    'passing',
    'per minute',
  ],
  [
    'a day (Groq)',
    429,
    {
      error: {
        message: 'Rate limit on tokens per day (TPD): try again in 9m38.016s.',
        code: 'rate_limit_exceeded',
      },
    },
    'lasting',
    'per day',
  ],
  [
    'a day (Gemini)',
    429,
    [
      {
        error: {
          code: 429,
          message: 'Quota exceeded',
          status: 'RESOURCE_EXHAUSTED',
          details: [
            { violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier' }] },
            { retryDelay: '34s' },
          ],
        },
      },
    ],
    'lasting',
    'Quota exceeded',
  ],
  [
    'a minute (Gemini)',
    429,
    [
      {
        error: {
          code: 429,
          message: 'You exceeded your current quota, check your plan and billing',
          status: 'RESOURCE_EXHAUSTED',
          details: [
            { violations: [{ quotaId: 'GenerateRequestsPerMinutePerProjectPerModel-FreeTier' }] },
            { retryDelay: '34s' },
          ],
        },
      },
    ],
    'passing',
    'exceeded',
  ],
  [
    'no credit (OpenAI)',
    429,
    { error: { message: 'You exceeded your current quota', code: 'insufficient_quota' } },
    'lasting',
    'no credit left',
  ],
  [
    'no credit (one-api)',
    403,
    { error: { message: 'balance 0', code: 'insufficient_user_quota' } },
    'lasting',
    'balance 0',
  ],
  [
    'a free tier (OpenRouter)',
    429,
    { error: { code: 429, message: 'Rate limit exceeded: free-models-per-day' } },
    'lasting',
    'free-models-per-day',
  ],
  [
    'an upstream (OpenRouter)',
    429,
    {
      error: {
        code: 429,
        message: 'Provider returned error',
        metadata: { raw: 'busy upstream, retry shortly', provider_name: 'P' },
      },
    },
    'passing',
    'busy upstream',
  ],
  ['an account', 403, { error: 'Your organization has been disabled.' }, 'lasting', 'disabled'],
  // Who is wrong.
  [
    'a key (Google)',
    400,
    [{ error: { code: 400, message: 'API key not valid.', status: 'INVALID_ARGUMENT' } }],
    'lasting',
    'environment variable K',
  ],
  [
    'a model (vLLM)',
    404,
    { object: 'error', message: 'The model `x` does not exist.', type: 'NotFoundError', code: 404 },
    'lasting',
    'does not exist',
  ],
  [
    'an old model',
    400,
    { error: { message: 'Model y has been decommissioned', code: 'model_decommissioned' } },
    'lasting',
    'decommissioned',
  ],
  [
    'a filter (Azure)',
    400,
    {
      error: {
        message: 'Filtered',
        code: 'content_filter',
        innererror: { code: 'ResponsibleAIPolicyViolation' },
      },
    },
    'refusal',
    'Filtered',
  ],
  [
    'moderation (OpenRouter)',
    403,
    { error: { code: 403, message: 'Your input was flagged', metadata: { reasons: ['x'] } } },
    'refusal',
    'flagged',
  ],
  [
    'a long prompt (vLLM)',
    400,
    { message: "This model's maximum context length is 8 tokens", code: 400 },
    'ours',
    'too long',
  ],
  // Within a success.
  [
    'credit within 200 (OpenRouter)',
    200,
    { error: { code: 402, message: 'Add credits' } },
    'lasting',
    'Add credits',
  ],
  [
    'a broken choice',
    200,
    { choices: [{ message: { content: 'ha' }, error: { code: 503, message: 'Lost it' } }] },
    'passing',
    'Lost it',
  ],
  [
    'a code as a text (LiteLLM)',
    200,
    { error: { code: '401', message: 'No such key' } },
    'lasting',
    'No such key',
  ],
  [
    'a status of its own (MiniMax)',
    200,
    { choices: null, base_resp: { status_code: 1008, status_msg: 'insufficient balance' } },
    'lasting',
    'insufficient balance',
  ],
  ['no choices', 200, { id: 'x', choices: [] }, 'passing', 'base_url'],
  [
    'a stream',
    200,
    'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: [DONE]\n',
    'lasting',
    'as a stream',
  ],
  [
    'an error in a stream',
    200,
    ': WAIT\n\ndata: {"error":{"code":429,"message":"Slow down"}}\n',
    'passing',
    'Slow down',
  ],
];

describe('what a server says in place of a reply', () => {
  it.each(SHAPES)('%s', (_, status, body, outcome, words) => {
    const error = errorOf(status, body);
    expect([outcomeOf(error), error.message]).toEqual([outcome, expect.stringContaining(words)]);
    expect(error.message).not.toContain('structured_output');
  });

  it('reads how long to wait: headers first, then the body', () => {
    const body = { error: { message: 'Please try again in 1m2.5s' } };
    expect(errorOf(429, body).retryAfterMs).toBe(62_500);
    expect(errorOf(429, body, { 'retry-after': '3' }).retryAfterMs).toBe(3000);
    expect(outcomeOf(errorOf(429, '', { 'retry-after': '7200' }))).toBe('lasting');
  });

  it('repeats no key, whole or blotted out, no control characters, and not all of a long text', () => {
    const words = `Bad key ${KEY}, sk-proj-****abcd\u0007 of\u200b AKIAABCDEFGHIJ12 ${'x '.repeat(4000)}`;
    for (const status of [400, 401, 500]) {
      const { message } = errorOf(status, { error: { message: words } });
      expect(message).not.toMatch(/topsecret|abcd|AKIA|\p{Cc}|\p{Cf}/u);
      expect(message.length).toBeLessThan(600);
    }
    expect(errorOf(400, `${KEY.slice(0, 9)}\u200b${KEY.slice(9)}`).message).not.toContain('0123456789');
  });
});
