import {
  ProviderError,
  type LanguageModel,
  type ModelReply,
  type ModelRequest,
  type ReplyCache,
} from '@touchstone/spec';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openModel } from '../providers/open-model.js';
import { modelSchema } from '../providers/schema.js';
import { createDispatcher, type DispatcherOptions } from './dispatcher.js';

/** What the server does with the n-th call (from 1) about `prompt`. */
type Plan = (n: number, prompt: string, response: ServerResponse) => void;

const ok = (response: ServerResponse, content = 'yes') => {
  response.setHeader('content-type', 'application/json');
  response.end(
    JSON.stringify({
      id: 'c',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 },
    }),
  );
};
const fail = (response: ServerResponse, status: number, headers: Record<string, string> = {}) => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ error: { message: 'no', type: 't' } }));
};

let plan: Plan;
let calls = 0;
let atOnce = 0;
let mostAtOnce = 0;
let model: LanguageModel;
const server = createServer((request, response) => {
  let body = '';
  mostAtOnce = Math.max(mostAtOnce, ++atOnce);
  response.on('close', () => atOnce--);
  request.on('data', (chunk: Buffer) => (body += chunk.toString()));
  request.on('end', () => {
    const { messages } = JSON.parse(body) as { messages: { content: string }[] };
    plan(++calls, messages[0]!.content, response);
  });
});

beforeEach(async () => {
  calls = atOnce = mostAtOnce = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  model = await openModel(modelSchema.parse({ model: 'openai-compatible:m', base_url }), { env: {} });
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const ask = (content: string): ModelRequest => ({
  messages: [{ role: 'user', content }],
  maxOutputTokens: 16,
  temperature: 0,
  seed: 1,
});

/** A dispatcher whose waits pass at once and are written down. */
function dispatcher(more: Partial<DispatcherOptions> = {}) {
  const waits: number[] = [];
  let now = 0;
  const clock = {
    now: () => now,
    sleep: (milliseconds: number) => {
      waits.push(milliseconds);
      now += milliseconds;
      return Promise.resolve();
    },
  };
  const made = createDispatcher({ concurrency: 4, timeoutMs: 5000, attempts: 4, seed: 1, clock, ...more });
  return { ...made, waits };
}

describe('retries', () => {
  it('waits as long as a 429 asks', async () => {
    plan = (n, _, response) => (n === 1 ? fail(response, 429, { 'retry-after': '7' }) : ok(response));
    const { call, waits } = dispatcher();
    expect((await call(model, ask('a'), 'a')).reply?.text).toBe('yes');
    expect(calls).toBe(2);
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThanOrEqual(7000);
    expect(waits[0]).toBeLessThan(7500);
  });

  it('holds other calls back too, even if the one that was refused gives up', async () => {
    plan = (n, _, response) => (n === 1 ? fail(response, 429, { 'retry-after': '7' }) : ok(response));
    const { call, waits } = dispatcher({ attempts: 1 });
    expect((await call(model, ask('a'), 'a')).error?.reason).toBe('rate-limit');
    expect((await call(model, ask('b'), 'b')).reply?.text).toBe('yes');
    expect(waits).toEqual([7000]);
  });

  it('backs off with full jitter under a doubling bound, the same for the same seed', async () => {
    plan = (_, __, response) => fail(response, 503);
    const waitsOf = async (seed: number) => {
      const { call, waits } = dispatcher({ attempts: 9, seed });
      const { error } = await call(model, ask('a'), 'a');
      expect(error).toMatchObject({ reason: 'transport', status: 503 });
      return waits;
    };
    const waits = await waitsOf(1);
    expect(waits).toHaveLength(8);
    waits.forEach((wait, i) => expect(wait).toBeLessThanOrEqual(Math.min(30_000, 500 * 2 ** i)));
    expect(await waitsOf(1)).toEqual(waits);
    expect(await waitsOf(2)).not.toEqual(waits);
  });

  it('does not repeat what cannot succeed, nor wait for hours', async () => {
    plan = (_, prompt, response) =>
      prompt === 'key' ? fail(response, 401) : fail(response, 429, { 'retry-after': '7200' });
    const { call, waits } = dispatcher();
    expect((await call(model, ask('key'), 'k')).error).toMatchObject({
      reason: 'transport',
      isRetryable: false,
    });
    expect((await call(model, ask('quota'), 'q')).error).toMatchObject({
      reason: 'rate-limit',
      retryAfterMs: 7_200_000,
    });
    expect(calls).toBe(2);
    expect(waits).toEqual([]);
  });

  it('gives up an attempt that hangs, and tries again', async () => {
    plan = (n, _, response) => (n === 1 ? undefined : ok(response));
    const { call } = dispatcher({ timeoutMs: 60 });
    expect((await call(model, ask('a'), 'a')).reply?.text).toBe('yes');
    expect(calls).toBe(2);
    plan = () => undefined;
    const { error } = await dispatcher({ timeoutMs: 30, attempts: 2 }).call(model, ask('b'), 'b');
    expect(error).toMatchObject({ reason: 'timeout' });
  });

  it('gives up on a model that does not heed the signal', async () => {
    const deaf: LanguageModel = { ...model, generate: () => new Promise(() => undefined) };
    expect((await dispatcher({ timeoutMs: 20, attempts: 1 }).call(deaf, ask('a'), 'a')).error?.reason).toBe(
      'timeout',
    );
  });

  it('reports a connection that breaks as the transport', async () => {
    plan = (n, _, response) => (n < 3 ? response.destroy() : ok(response));
    expect((await dispatcher().call(model, ask('a'), 'a')).reply?.text).toBe('yes');
    plan = (_, __, response) => response.destroy();
    expect((await dispatcher().call(model, ask('b'), 'b')).error).toMatchObject({
      reason: 'transport',
      isRetryable: true,
    });
  });

  it('does not hide a defect as an abstention', async () => {
    const broken: LanguageModel = { ...model, generate: () => Promise.reject(new TypeError('a defect')) };
    const { call } = dispatcher({ concurrency: 1 });
    await expect(call(broken, ask('a'), 'a')).rejects.toThrow('a defect');
    plan = (_, __, response) => ok(response);
    expect((await call(model, ask('b'), 'b')).reply).toBeDefined();
  });
});

describe('paying once', () => {
  const answerLater: Plan = (_, prompt, response) => void setTimeout(() => ok(response, prompt), 20);

  it('sends identical calls in flight once', async () => {
    plan = answerLater;
    const { call, usage } = dispatcher({ price: { input: 3, output: 15 } });
    const results = await Promise.all(
      Array.from({ length: 6 }, (_, i) => call(model, ask('a'), i < 5 ? 'same' : 'other')),
    );
    expect(calls).toBe(2);
    expect(results.filter(({ cached }) => cached)).toHaveLength(4);
    expect(results.every(({ reply }) => reply?.text === 'a')).toBe(true);
    expect(usage()).toMatchObject({ calls: 2, saved: 4, inputTokens: 200, outputTokens: 20 });
    // 100 · $3 and 10 · $15 per million, twice
    expect(usage().money).toBeCloseTo(0.0009, 12);
    expect(results[0]!.usage).toMatchObject({ calls: 1, money: 0.00045 });
    expect(results[1]!.usage).toEqual({ calls: 0, saved: 1, inputTokens: 0, outputTokens: 0, money: 0 });
  });

  it('answers from the cache, keeps replies and not errors', async () => {
    const kept = new Map<string, ModelReply>();
    const cache: ReplyCache = { get: (key) => kept.get(key), put: (key, reply) => void kept.set(key, reply) };
    plan = (n, _, response) => (n === 1 ? fail(response, 400) : ok(response));
    expect((await dispatcher({ cache }).call(model, ask('a'), 'a')).error).toBeInstanceOf(ProviderError);
    expect(kept.size).toBe(0);
    await dispatcher({ cache }).call(model, ask('a'), 'a');
    const { call, usage } = dispatcher({ cache });
    expect(await call(model, ask('a'), 'a')).toMatchObject({
      cached: true,
      reply: { text: 'yes' },
      usage: { saved: 1 },
    });
    expect(calls).toBe(2);
    expect(usage()).toMatchObject({ calls: 0, saved: 1, money: 0 });
  });

  it('keeps to the limit and to the order', async () => {
    const order: string[] = [];
    plan = (n, prompt, response) => {
      order.push(prompt);
      answerLater(n, prompt, response);
    };
    const { call } = dispatcher({ concurrency: 3 });
    const prompts = Array.from({ length: 12 }, (_, i) => `p${i}`);
    await Promise.all(prompts.map((prompt) => call(model, ask(prompt), prompt)));
    expect(mostAtOnce).toBe(3);
    expect([...order].sort()).toEqual([...prompts].sort());
    expect(order.slice(0, 3).sort()).toEqual(['p0', 'p1', 'p2']);
  });
});
