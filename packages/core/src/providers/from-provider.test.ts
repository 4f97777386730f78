import type { ModelRequest } from '@touchstone/spec';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { readLogprobs } from './logprobs.js';
import { openModel } from './open-model.js';
import { parseModelId } from './model-id.js';
import { modelSchema } from './schema.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A real HTTP server that answers every call with `reply`, and the bodies it was sent. */
async function answering(reply: object) {
  const bodies: unknown[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      bodies.push(JSON.parse(text));
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(reply));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies };
}

const shared = '<document>\nlong\n</document>\n\n<candidate>\n';
const request: ModelRequest = {
  messages: [
    { role: 'system', content: 'Judge.' },
    { role: 'user', content: `${shared}an answer\n</candidate>` },
  ],
  sharedPrefix: shared.length,
  maxOutputTokens: 64,
  temperature: 0,
  seed: 7,
};
const open = (config: object, env: Record<string, string>) => openModel(modelSchema.parse(config), { env });

const ANTHROPIC_REPLY = {
  type: 'message',
  id: 'msg_1',
  model: 'claude-sonnet-4-5',
  role: 'assistant',
  content: [{ type: 'text', text: 'ok' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: {
    input_tokens: 10,
    output_tokens: 2,
    cache_read_input_tokens: 2000,
    cache_creation_input_tokens: 0,
  },
};
const BEDROCK_REPLY = {
  output: { message: { role: 'assistant', content: [{ text: 'ok' }] } },
  stopReason: 'end_turn',
  usage: {
    inputTokens: 10,
    outputTokens: 2,
    totalTokens: 2012,
    cacheReadInputTokens: 2000,
    cacheWriteInputTokens: 0,
  },
  metrics: { latencyMs: 1 },
};
const COMPLETION = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_700_000_000,
  model: 'm',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: '4' },
      finish_reason: 'stop',
      logprobs: {
        content: [
          {
            token: '4',
            logprob: -0.2,
            bytes: [52],
            top_logprobs: [
              { token: '4', logprob: -0.2, bytes: [52] },
              { token: '5', logprob: -1.8, bytes: [53] },
            ],
          },
        ],
      },
    },
  ],
  usage: {
    prompt_tokens: 2012,
    completion_tokens: 1,
    total_tokens: 2013,
    prompt_tokens_details: { cached_tokens: 2000 },
  },
};

describe('the part of a prompt that calls share', () => {
  it('is marked for Anthropic after the system prompt and before the candidate, and read back as cached', async () => {
    const { url, bodies } = await answering(ANTHROPIC_REPLY);
    const model = await open(
      { model: 'anthropic:claude-sonnet-4-5', base_url: `${url}/v1` },
      { ANTHROPIC_API_KEY: 'k' },
    );
    expect(await model.generate(request)).toMatchObject({ text: 'ok', cachedInputTokens: 2000 });
    const marker = { cache_control: { type: 'ephemeral' } };
    expect(bodies[0]).toMatchObject({
      system: [{ type: 'text', text: 'Judge.', ...marker }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: shared, ...marker },
            { type: 'text', text: 'an answer\n</candidate>' },
          ],
        },
      ],
    });
  });

  it('is marked for Bedrock with cache points, unless the user says that the model cannot', async () => {
    const { url, bodies } = await answering(BEDROCK_REPLY);
    const env = { AWS_REGION: 'us-east-1', AWS_BEARER_TOKEN_BEDROCK: 'k' };
    const config = { model: 'bedrock:us.amazon.nova-pro-v1:0', base_url: url };
    const model = await open(config, env);
    expect(await model.generate(request)).toMatchObject({ text: 'ok', cachedInputTokens: 2000 });
    const point = { cachePoint: { type: 'default' } };
    expect(bodies[0]).toMatchObject({
      system: [{ text: 'Judge.' }, point],
      messages: [{ role: 'user', content: [{ text: shared }, point, { text: 'an answer\n</candidate>' }] }],
    });
    await (await open({ ...config, prompt_cache: false }, env)).generate(request);
    expect(JSON.stringify(bodies[1])).not.toContain('cachePoint');
  });

  it.each([
    ['bedrock', 'global.anthropic.claude-haiku-4-5-20251001-v1:0', true],
    ['bedrock', 'anthropic.claude-3-7-sonnet-20250219-v1:0', true],
    ['bedrock', 'amazon.nova-lite-v1:0', true],
    ['bedrock', 'anthropic.claude-3-5-sonnet-20240620-v1:0', false],
    ['bedrock', 'openai.gpt-oss-120b-1:0', false],
    ['openai-compatible', 'gpt-4.1', false],
  ])('is marked by default for %s:%s: %s', (provider, name, expected) => {
    const { promptCache } = parseModelId(`${provider}:${name}`).provider;
    expect(promptCache?.isKnownFor(name) ?? false).toBe(expected);
  });
});

describe('log-probabilities', () => {
  it('are asked for on the wire and read from the reply; without being asked for nothing is sent', async () => {
    const { url, bodies } = await answering(COMPLETION);
    const model = await open({ model: 'openai-compatible:m', base_url: `${url}/v1` }, {});
    const alternatives = [
      { token: '4', logprob: -0.2 },
      { token: '5', logprob: -1.8 },
    ];
    expect(await model.generate({ ...request, logprobs: 5 })).toMatchObject({
      logprobs: [{ token: '4', logprob: -0.2, alternatives }],
      cachedInputTokens: 2000,
    });
    expect(bodies[0]).toMatchObject({ logprobs: true, top_logprobs: 5 });
    await model.generate(request);
    expect(bodies[1]).not.toHaveProperty('logprobs');
    // One plain text: servers that know no parts take it.
    expect(bodies[1]).toMatchObject({ messages: [{}, { content: request.messages[1]!.content }] });
  });

  const entry = { token: 'a', logprob: 0.001, top_logprobs: [{ token: 'a', logprob: 0.001 }] };
  it.each([
    [undefined, undefined],
    [{ choices: [{ logprobs: null }] }, undefined],
    [{ choices: [{ logprobs: { content: [] } }] }, undefined],
    [{ choices: [{ logprobs: { content: [entry, { token: 'b' }] } }] }, undefined],
    [{ choices: [{ logprobs: { content: [{ ...entry, top_logprobs: [{ token: 1 }] }] } }] }, undefined],
    [
      { choices: [{ logprobs: { content: [entry] } }] },
      [{ token: 'a', logprob: 0, alternatives: [{ token: 'a', logprob: 0 }] }],
    ],
  ])('are whole or not there (%#)', (body, expected) => {
    expect(readLogprobs(body)).toEqual(expected);
  });
});
