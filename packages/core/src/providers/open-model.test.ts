import { InputError, ProviderError } from '@touchstone/spec';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseModelId } from './model-id.js';
import { openModel } from './open-model.js';
import { readRetryAfter } from './said/server-reply.js';
import { modelSchema } from './schema.js';
import { canned, completion, listen, request } from './server.testing.js';

const open = (url: string, more: object = {}, env: Record<string, string> = {}) =>
  openModel(modelSchema.parse({ model: 'openai-compatible:m', base_url: `${url}/v1`, ...more }), {
    env,
    now: () => 0,
  });

async function failure(promise: Promise<unknown>): Promise<ProviderError> {
  const error: unknown = await promise.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ProviderError)) throw error;
  return error;
}

describe('an OpenAI-compatible model', () => {
  it('sends the request on the wire format, with the schema in strict mode and the key of the named variable', async () => {
    const { url, calls } = await canned(
      200,
      completion({ content: '{"ok":true}', reasoning_content: 'hm' }, 'stop'),
    );
    const model = await open(url, { api_key_env: 'MY_KEY' }, { MY_KEY: 'secret-1', OPENAI_API_KEY: 'other' });
    expect(await model.generate(request)).toEqual({
      text: '{"ok":true}',
      finish: 'stop',
      inputTokens: 11,
      outputTokens: 5,
    });
    expect(calls[0]!.path).toBe('/v1/chat/completions');
    expect(calls[0]!.headers.authorization).toBe('Bearer secret-1');
    expect(calls[0]!.body).toMatchObject({
      model: 'm',
      max_tokens: 64,
      temperature: 0,
      seed: 7,
      messages: [
        { role: 'system', content: 'Judge.' },
        { role: 'user', content: 'Is it so?' },
      ],
      response_format: { type: 'json_schema', json_schema: { strict: true, schema: request.schema } },
    });
  });

  it('asks in the prompt only where the server has no structured output, and keeps the default key off plain http', async () => {
    const { url, calls } = await canned(200, completion({ content: 'x' }, 'stop'));
    const model = await open(url, { structured_output: 'prompt' }, { OPENAI_API_KEY: 'secret' });
    expect(model.structuredOutput).toBe(false);
    await model.generate(request);
    expect(calls[0]!.body).not.toHaveProperty('response_format');
    expect(calls[0]!.headers.authorization).toBeUndefined();
  });

  it.each([
    [completion({ content: 'half' }, 'length'), 'length'],
    [completion({ content: '' }, 'content_filter'), 'refusal'],
    [completion({ content: null, refusal: 'I cannot help with that.' }, 'stop'), 'refusal'],
    [completion({ content: 'x' }, 'something_new'), 'other'],
  ])('maps the finish reason (%#)', async (reply, finish) => {
    const { url } = await canned(200, reply);
    expect((await (await open(url)).generate(request)).finish).toBe(finish);
  });

  it.each([
    [429, 'rate-limit', true],
    [408, 'transport', true],
    [409, 'transport', true],
    [500, 'transport', true],
    [529, 'transport', true],
    [400, 'transport', false],
    [404, 'transport', false],
    [307, 'transport', false],
  ])('maps status %i to %s, retryable: %s', async (status, reason, isRetryable) => {
    const { url } = await canned(
      status,
      { error: { message: 'no', type: 't', code: null } },
      { 'retry-after': '2' },
    );
    const error = await failure((await open(url)).generate(request));
    expect(error).toMatchObject({ reason, isRetryable, status });
    if (isRetryable) expect(error.retryAfterMs).toBe(2000);
  });

  it('tells how to go on when a server may lack structured output', async () => {
    const { url } = await canned(400, { error: { message: 'response_format is not supported', type: 't' } });
    expect((await failure((await open(url)).generate(request))).message).toContain(
      'structured_output: prompt',
    );
  });

  it('never repeats the key, even where the server does', async () => {
    for (const status of [401, 403, 400, 500]) {
      const { url } = await canned(status, {
        error: { message: 'bad key hunter2hunter2', type: 't', code: null },
      });
      const model = await open(url, { api_key_env: 'MY_KEY' }, { MY_KEY: 'hunter2hunter2' });
      const error = await failure(model.generate(request));
      expect(JSON.stringify([error.message, error.stack, error.cause])).not.toContain('hunter2');
      if (status < 500 && status !== 400) expect(error.message).toContain('MY_KEY');
    }
  });

  it('says what to look at when nothing listens, when the page is HTML and when the name is unknown', async () => {
    const { url } = await canned(200, '<html>hello</html>');
    expect((await failure((await open(url)).generate(request))).message).toContain('base_url');
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const closed = `http://127.0.0.1:${(free.address() as AddressInfo).port}`;
    await new Promise((resolve) => free.close(resolve));
    const refused = await failure((await open(closed)).generate(request));
    expect(refused).toMatchObject({ reason: 'transport', isRetryable: true });
    expect(refused.message).toContain('ECONNREFUSED');
    expect(refused.message).toContain(closed);
  });

  it('gives up as a timeout when the signal says so', async () => {
    const url = await listen(() => undefined);
    const error = await failure((await open(url)).generate({ ...request, signal: AbortSignal.timeout(30) }));
    expect(error).toMatchObject({ reason: 'timeout', isRetryable: true });
  });
});

describe('other providers', () => {
  it('reads the text blocks of an Anthropic message', async () => {
    const { url, calls } = await canned(200, {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-4-5',
      content: [
        { type: 'thinking', thinking: 'hm', signature: 's' },
        { type: 'text', text: '{"ok":' },
        { type: 'text', text: 'true}' },
      ],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 9, output_tokens: 3 },
    });
    const config = modelSchema.parse({ model: 'anthropic:claude-sonnet-4-5', base_url: url });
    const model = await openModel(config, { env: { ANTHROPIC_API_KEY: 'k' } });
    expect(await model.generate(request)).toEqual({
      text: '{"ok":true}',
      finish: 'stop',
      inputTokens: 9,
      outputTokens: 3,
    });
    expect(calls[0]!.headers['x-api-key']).toBe('k');
    expect(calls[0]!.body).toMatchObject({ max_tokens: 64 });
  });

  it('reads a Bedrock Converse reply and signs the request', async () => {
    const { url, calls } = await canned(200, {
      output: { message: { role: 'assistant', content: [{ text: '{"ok":true}' }] } },
      stopReason: 'end_turn',
      usage: { inputTokens: 4, outputTokens: 2, totalTokens: 6 },
      metrics: { latencyMs: 10 },
    });
    const config = modelSchema.parse({
      model: 'bedrock:amazon.nova-pro-v1:0',
      base_url: url,
      structured_output: 'prompt',
    });
    const env = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 's' };
    expect(await (await openModel(config, { env })).generate(request)).toMatchObject({
      text: '{"ok":true}',
      finish: 'stop',
    });
    expect(calls[0]!.path).toContain('/model/amazon.nova-pro-v1%3A0/converse');
    expect(calls[0]!.headers.authorization).toContain('AWS4-HMAC-SHA256 Credential=AKID/');
  });

  it('reads structured output that Bedrock gives as a tool call', async () => {
    const toolUse = { toolUseId: 't1', name: 'json', input: { ok: true } };
    const { url, calls } = await canned(200, {
      output: { message: { role: 'assistant', content: [{ toolUse }] } },
      stopReason: 'tool_use',
      usage: { inputTokens: 4, outputTokens: 2, totalTokens: 6 },
      metrics: { latencyMs: 10 },
    });
    const config = modelSchema.parse({ model: 'bedrock:amazon.nova-pro-v1:0', base_url: url });
    const env = { AWS_REGION: 'us-east-1', AWS_BEARER_TOKEN_BEDROCK: 'b' };
    expect(await (await openModel(config, { env })).generate(request)).toMatchObject({
      text: '{"ok":true}',
      finish: 'stop',
    });
    expect(calls[0]!.headers.authorization).toBe('Bearer b');
    expect(calls[0]!.body).toHaveProperty('toolConfig');
  });

  it('hands local models to the caller', async () => {
    const seen: string[] = [];
    const config = modelSchema.parse({ model: 'local:models/judge' });
    await openModel(config, { localModel: (folder) => (seen.push(folder), open('http://127.0.0.1:1')) });
    expect(seen).toEqual([resolve('models/judge')]);
    await expect(openModel(config)).rejects.toThrow(InputError);
  });
});

describe('configuration', () => {
  it('names the known providers when one is unknown', () => {
    expect(parseModelId('bedrock:amazon.nova-pro-v1:0')).toMatchObject({
      provider: { name: 'bedrock' },
      name: 'amazon.nova-pro-v1:0',
    });
    for (const id of ['', 'gpt-4', 'openai:gpt-4', 'constructor:x', 'anthropic:', 'anthropic']) {
      expect(() => parseModelId(id), id).toThrow(/Known: local:.*openai-compatible:.*anthropic:.*bedrock:/);
    }
  });

  it.each([
    [{ model: 'openai-compatible:m' }, {}, 'base_url'],
    [{ model: 'openai-compatible:m', base_url: 'http://h/v1', api_key_env: 'NOT_SET' }, {}, 'NOT_SET'],
    [{ model: 'anthropic:m' }, {}, 'ANTHROPIC_API_KEY'],
  ])('refuses what is missing before any call (%#)', async (config, env, named) => {
    await expect(openModel(modelSchema.parse(config), { env })).rejects.toThrow(named);
  });

  it('refuses a key where the name of a variable belongs, and a password in an address', () => {
    expect(modelSchema.safeParse({ model: 'anthropic:m', api_key_env: 'sk-ant-123' }).success).toBe(false);
    expect(modelSchema.safeParse({ model: 'anthropic:m', base_url: 'https://me:pw@h/v1' }).success).toBe(
      false,
    );
    expect(modelSchema.safeParse({ model: 'anthropic:m', base_url: 'file:///etc' }).success).toBe(false);
  });

  it('counts all of the address in the version, but shows no word of its query', async () => {
    const versionOf = async (base_url: string): Promise<string> =>
      (
        await openModel(modelSchema.parse({ model: 'openai-compatible:m', base_url }), {
          env: { OPENAI_API_KEY: 'k' },
        })
      ).version;
    const addresses = [
      'http://h:8000/good/v1',
      'http://h:8000/bad/v1',
      'https://h:8000/good/v1',
      'http://h:9000/good/v1',
      'http://h:8000/good/v1?deployment=a',
      'http://h:8000/good/v1?deployment=b',
    ];
    const versions = await Promise.all(addresses.map(versionOf));
    expect(new Set(versions).size).toBe(addresses.length);
    expect(await versionOf('http://h:8000/good/v1/')).toBe(versions[0]);
    expect(await versionOf('http://h:8000/v1?code=hunter2')).not.toContain('hunter2');
  });

  it('reads Retry-After as seconds, milliseconds or a date', () => {
    expect(readRetryAfter({ 'retry-after': '1.5' }, 0)).toBe(1500);
    expect(readRetryAfter({ 'retry-after': '3', 'retry-after-ms': '250' }, 0)).toBe(250);
    expect(readRetryAfter({ 'retry-after': 'Thu, 01 Jan 1970 00:00:10 GMT' }, 4000)).toBe(6000);
    expect(readRetryAfter({ 'retry-after': 'soon' }, 0)).toBeUndefined();
    expect(readRetryAfter({}, 0)).toBeUndefined();
  });
});
