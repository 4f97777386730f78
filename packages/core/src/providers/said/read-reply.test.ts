import { ProviderError } from '@touchstone/spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openModel } from '../open-model.js';
import { modelSchema } from '../schema.js';
import { canned, completion, request } from '../server.testing.js';
import { readBody } from './body.js';
import { errorInside } from './complaint.js';
import { KEY, place } from './place.testing.js';
import { replyError } from './provider-error.js';
import { readReply } from './read-reply.js';

describe('a reply', () => {
  const generate = async (reply: unknown) => {
    const { url } = await canned(200, reply);
    const config = modelSchema.parse({ model: 'openai-compatible:m', base_url: url });
    return (await openModel(config, { env: {} })).generate(request);
  };
  it.each(['error', 'load', 'abort', 'insufficient_system_resource'])(
    'that ended with %s is none',
    async (finish) => {
      await expect(generate(completion({ content: '{"half":' }, finish))).rejects.toMatchObject({
        isRetryable: true,
        reason: 'transport',
        mayHaveCost: true,
      });
    },
  );

  it.each([
    [{ content: null, reasoning_content: 'I think' }, 'stop', 'unparseable'],
    [{ content: null, tool_calls: [{ id: 'a' }] }, 'tool_calls', 'unparseable'],
    [{ content: '' }, 'stop', 'unparseable'],
    [{ content: '' }, null, 'transport'],
  ])('without text is none: %j', async (message, finish, reason) => {
    const none = generate(completion(message, finish as string));
    // The provider has counted it, and will want the money.
    await expect(none).rejects.toMatchObject({ reason, spent: { inputTokens: 11, outputTokens: 5 } });
  });

  it.each([
    undefined,
    { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
    { prompt_tokens: 11 },
    { prompt_tokens: -1, completion_tokens: 5 },
  ])('without text may have cost anything, where its tokens are not counted: %j', async (usage) => {
    const none = generate({ ...completion({ content: '' }), usage });
    await expect(none).rejects.toMatchObject({ mayHaveCost: true, spent: undefined });
  });

  it.each([
    ['max_tokens', 'length'],
    ['SAFETY', 'refusal'],
    ['eos_token', 'stop'],
  ])('may end in the words of another API: %s', async (raw, finish) => {
    expect(await generate(completion({ content: 'a' }, raw))).toMatchObject({ finish });
  });
});

describe('whatever comes', () => {
  const words = fc.oneof(
    fc.string(),
    fc.constantFrom('per day', 'no credit', 'API key', 'model not found', KEY),
  );
  const { body } = fc.letrec<{ body: unknown }>((tie) => ({
    body: fc.oneof(
      { maxDepth: 4 },
      words,
      fc.constantFrom(null, true, 0, 402, 429, -1),
      fc.array(tie('body'), { maxLength: 3 }),
      fc.dictionary(
        fc.constantFrom(
          'error',
          'errors',
          'message',
          'detail',
          'code',
          'type',
          'choices',
          'metadata',
          'loc',
          'msg',
          'fault',
          '__proto__',
        ),
        tie('body'),
        { maxKeys: 4 },
      ),
    ),
  }));

  it('a body is one of the outcomes, with a short message that repeats no key', () => {
    fc.assert(
      fc.property(body, fc.integer({ min: 100, max: 599 }), (value, status) => {
        const reply = { status, headers: {}, body: JSON.stringify(value), name: undefined };
        const error = replyError(reply, '', place);
        // What passes does not last.
        expect(error.isRetryable && error.isLasting).toBe(false);
        expect(error.message).not.toContain(KEY);
        expect(error.message.length).toBeLessThan(700);
      }),
      { numRuns: 500 },
    );
  });

  it('a success with an error in it is never an answer, wherever it stands', () => {
    const error = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.record({ message: fc.string({ minLength: 1 }) }),
      fc.record({ code: fc.integer({ min: 400, max: 599 }), message: fc.string() }),
    );
    fc.assert(
      fc.property(
        error,
        fc.boolean(),
        fc.constantFrom('stop', 'length', 'content_filter', null),
        (said, isWithin, finish) => {
          const choice = { message: { content: 'a full answer' }, finish_reason: finish };
          const reply = isWithin
            ? { choices: [{ ...choice, error: said }] }
            : { choices: [choice], error: said };
          const result = {
            content: [{ type: 'text' as const, text: 'a full answer' }],
            finishReason: { unified: 'stop' as const, raw: finish ?? undefined },
            usage: {
              inputTokens: { total: 1, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
              outputTokens: { total: 1, text: undefined, reasoning: undefined },
            },
            response: { body: reply },
            warnings: [],
          };
          expect(() => readReply(result, place)).toThrow(ProviderError);
        },
      ),
    );
  });

  it('any text is read as a body', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((s) => `data: ${s}`),
        ),
        (text) => void errorInside(readBody(text)),
      ),
    );
  });
});
