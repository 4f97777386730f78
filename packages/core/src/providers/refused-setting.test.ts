import { describe, expect, it } from 'vitest';
import { replyError } from './said/provider-error.js';
import { modelSchema } from './schema.js';

const errorOf = (body: unknown, settings: object) =>
  replyError({ status: 400, headers: {}, body, name: undefined }, '', {
    config: modelSchema.parse({ model: 'openai-compatible:m', ...settings }),
    keySource: '',
    secrets: () => [],
    signal: undefined,
    now: () => 0,
  });

describe('a server that refuses a field of the request', () => {
  it.each([
    [
      { error: { message: "Unsupported value: 'temperature'", param: 'temperature' } },
      {},
      'set temperature: null',
    ],
    [{ detail: [{ loc: ['body', 'top_logprobs'], msg: 'Extra inputs' }] }, {}, 'leave logprobs out'],
    [
      { message: 'unknown field reasoning_effort' },
      { extra_body: { reasoning_effort: 'low' } },
      'out of extra_body',
    ],
    [{ error: { message: 'max_tokens is too large: 9. At most 4.' } }, {}, 'lower max_tokens'],
    [
      { error: { message: 'Unknown parameter: max_completion_tokens' } },
      { max_tokens_field: 'max_completion_tokens' },
      'set max_tokens_field: max_tokens',
    ],
    [{ error: { message: 'guided_json needs another backend' } }, {}, 'structured_output: prompt'],
  ])('names the setting for a field that is refused: %j', (body, config, advice) => {
    const error = errorOf(body, config);
    expect(error.message).toContain(advice);
    expect(error).toMatchObject({ isRetryable: false, isLasting: true });
  });

  it('names none that leaves the field out already', () => {
    expect(errorOf({ detail: 'no seed' }, { seed: false }).message).not.toContain('set seed');
  });
});
