import { APICallError, type LanguageModelV3CallOptions } from '@ai-sdk/provider';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAIChat } from './openai-chat.js';

let reply: { status?: number; body: string; headers?: Record<string, string> };
let sent: Record<string, unknown>;
const server = createServer((request, response) => {
  let text = '';
  request.on('data', (part: Buffer) => (text += part.toString()));
  request.on('end', () => {
    sent = JSON.parse(text) as typeof sent;
    response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
    response.end(reply.body);
  });
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

const ask = (more: Partial<LanguageModelV3CallOptions> = {}) =>
  Promise.resolve(
    openAIChat({
      baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`,
      model: 'm',
      apiKey: undefined,
      structuredOutput: true,
      maxTokensField: 'max_tokens',
    }).doGenerate({ prompt: [{ role: 'user', content: [{ type: 'text', text: 'So?' }] }], ...more }),
  );

const given = (value: unknown, more: Partial<typeof reply> = {}): void =>
  void (reply = { body: typeof value === 'string' ? value : JSON.stringify(value), ...more });

describe('openAIChat', () => {
  it('sends what a caller adds for this wire, such as log-probabilities, and hands the body on', async () => {
    const logprobs = { content: [{ token: 'a', logprob: -0.1, top_logprobs: [] }] };
    given({ choices: [{ message: { content: 'x' }, finish_reason: 'stop', logprobs }] });
    const result = await ask({ providerOptions: { openaiCompatible: { logprobs: true, top_logprobs: 5 } } });
    expect(sent).toMatchObject({ model: 'm', logprobs: true, top_logprobs: 5 });
    expect(result.response?.body).toMatchObject({ choices: [{ logprobs }] });
  });

  it('reads cached tokens, parts of a text, and replies that leave out what they may', async () => {
    given({
      choices: [
        { message: { content: [{ type: 'text', text: 'a' }, { type: 'image' }, null] }, finish_reason: null },
      ],
      usage: { prompt_tokens: 9, completion_tokens: -1, prompt_tokens_details: { cached_tokens: 4 } },
    });
    const result = await ask();
    expect(result.content).toEqual([{ type: 'text', text: 'a' }]);
    expect(result.finishReason.unified).toBe('other');
    expect(result.usage.inputTokens).toMatchObject({ total: 9, cacheRead: 4 });
    expect(result.usage.outputTokens.total).toBeUndefined();
  });

  it.each([
    '',
    'null',
    '[]',
    '{"choices":null}',
    '{"choices":[null]}',
    '{"choices":[{"message":"x"}]}',
    '{"choices":',
  ])('calls a success that is no chat completion a failed call: %s', async (body) => {
    given(body);
    const error: unknown = await ask().catch((reason: unknown) => reason);
    expect(APICallError.isInstance(error) && error.statusCode).toBe(200);
  });

  it('hands on what came in place of a reply, for whoever reads it', async () => {
    given('<html>', { status: 503, headers: { 'retry-after': '2' } });
    await expect(ask()).rejects.toMatchObject({
      statusCode: 503,
      responseBody: '<html>',
      responseHeaders: { 'retry-after': '2' },
    });
  });
});
