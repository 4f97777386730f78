import { APICallError } from '@ai-sdk/provider';
import { describe, expect, it } from 'vitest';
import { modelSchema } from '../schema.js';
import { toProviderError } from './provider-error.js';

const place = {
  config: modelSchema.parse({ model: 'bedrock:m' }),
  keySource: 'the environment variable K',
  secrets: () => [],
  signal: undefined,
  now: () => 0,
};

/** What becomes of a reply with this status, body and these headers. */
function classOf(
  statusCode: number,
  body: unknown,
  responseHeaders: Record<string, string> = {},
  message = 'no',
) {
  const responseBody = typeof body === 'string' ? body : JSON.stringify(body);
  const error = new APICallError({
    message,
    url: 'http://h/',
    requestBodyValues: {},
    statusCode,
    responseBody,
    responseHeaders,
  });
  return toProviderError(error, place);
}

describe('errors of Amazon Bedrock', () => {
  it.each([
    ['ThrottlingException', 429, 'rate-limit', true],
    ['ServiceUnavailableException', 503, 'transport', true],
    ['InternalServerException', 500, 'transport', true],
    ['ModelNotReadyException', 429, 'transport', true],
    ['ModelTimeoutException', 408, 'transport', true],
    ['ModelErrorException', 424, 'transport', false],
    ['AccessDeniedException', 403, 'transport', false],
    ['ValidationException', 400, 'transport', false],
    ['ResourceNotFoundException', 404, 'transport', false],
    ['ServiceQuotaExceededException', 400, 'transport', false],
  ])('%s', (name, status, reason, isRetryable) => {
    const header = { 'x-amzn-errortype': `${name}:http://internal.amazon.com/coral/` };
    expect(classOf(status, { message: 'm' }, header)).toMatchObject({ reason, isRetryable, status });
    const body = { __type: `com.amazon.coral.service#${name}`, message: 'm' };
    expect(classOf(status, body)).toMatchObject({ reason, isRetryable, status });
  });
});

describe('errors of OpenAI and Anthropic', () => {
  it.each([
    [429, { error: { code: 'rate_limit_exceeded', type: 'tokens' } }, 'rate-limit', true],
    [429, { error: { code: 'insufficient_quota', type: 'insufficient_quota' } }, 'rate-limit', false],
    [400, { error: { code: 'context_length_exceeded' } }, 'transport', false],
    [500, { error: { code: null, type: 'server_error' } }, 'transport', true],
    [429, { type: 'error', error: { type: 'rate_limit_error' } }, 'rate-limit', true],
    [529, { type: 'error', error: { type: 'overloaded_error' } }, 'transport', true],
    [402, { type: 'error', error: { type: 'billing_error' } }, 'rate-limit', false],
    [413, { type: 'error', error: { type: 'request_too_large' } }, 'transport', false],
    [504, { type: 'error', error: { type: 'timeout_error' } }, 'transport', true],
  ])('%i %j', (status, body, reason, isRetryable) => {
    expect(classOf(status, body)).toMatchObject({ reason, isRetryable, status });
  });

  it.each([401, 403, 404])('a name for whatever goes wrong hides no %i', (status) => {
    for (const type of ['api_error', 'server_error', 'Unavailable'])
      expect(classOf(status, { error: { type, message: 'm' } })).toMatchObject({
        isRetryable: false,
        isLasting: true,
      });
  });

  it('a request that is larger than the whole limit is not sent again', () => {
    const said =
      'Request too large for m in organization o on tokens per min (TPM): Limit 10000, Requested 12000.';
    expect(classOf(429, { error: { code: 'rate_limit_exceeded' } }, {}, said).isRetryable).toBe(false);
  });

  it('a provider that says itself that it is no use is believed', () => {
    expect(classOf(500, '', { 'x-should-retry': 'false' }).isRetryable).toBe(false);
    expect(classOf(400, '', { 'x-should-retry': 'true' }).isRetryable).toBe(false);
  });
});

it('takes no name from a body that is hostile or no JSON', () => {
  for (const body of [
    '<html>',
    '[]',
    'null',
    '"x"',
    { error: 'x' },
    { error: { code: 7 } },
    '{"__proto__":{"code":"insufficient_quota"}}',
  ]) {
    expect(classOf(503, body)).toMatchObject({ reason: 'transport', isRetryable: true, mayHaveCost: false });
  }
});
