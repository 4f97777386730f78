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
import { completion } from '../providers/server.testing.js';
import { createDispatcher, type DispatcherOptions } from './dispatcher.js';

/** What the server does with the n-th call (from 1) about `prompt`. */
type Plan = (n: number, prompt: string, response: ServerResponse) => void;

const ok = (response: ServerResponse, content = 'yes') => {
  response.setHeader('content-type', 'application/json');
  const usage = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 };
  response.end(JSON.stringify({ ...completion({ content }), usage }));
};
const fail = (response: ServerResponse, status: number, headers: Record<string, string> = {}) => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ error: { message: 'no', type: 't' } }));
};

let plan: Plan;
let [calls, atOnce, mostAtOnce] = [0, 0, 0];
let model: LanguageModel;
/** Requests that the client gave up. */
let cancelled: string[] = [];
const server = createServer((request, response) => {
  let body = '';
  mostAtOnce = Math.max(mostAtOnce, ++atOnce);
  response.on('close', () => {
    atOnce--;
    if (!response.writableFinished) cancelled.push(prompt);
  });
  let prompt = '';
  request.on('data', (chunk: Buffer) => (body += chunk.toString()));
  request.on('end', () => {
    const { messages } = JSON.parse(body) as { messages: { content: string }[] };
    prompt = messages[0]!.content;
    plan(++calls, prompt, response);
  });
});

beforeEach(async () => {
  calls = atOnce = mostAtOnce = 0;
  cancelled = [];
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  model = await openModel(modelSchema.parse({ model: 'openai-compatible:m', base_url }), { env: {} });
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await until(() => atOnce === 0);
});

const ask = (content: string): ModelRequest => {
  const messages = [{ role: 'user' as const, content }];
  return { messages, maxOutputTokens: 16, temperature: 0, seed: 1 };
};
const dispatcher = (more: Partial<DispatcherOptions> = {}) =>
  createDispatcher({ concurrency: 4, timeout_seconds: 30, attempts: 4, seed: 1, ...more });

describe('over real HTTP', () => {
  it('waits as long as a 429 asks, and holds other calls back too', async () => {
    const arrivals: { prompt: string; at: number }[] = [];
    plan = (n, prompt, response) => {
      arrivals.push({ prompt, at: performance.now() });
      if (n === 1) fail(response, 429, { 'retry-after-ms': '300' });
      else ok(response);
    };
    const { call } = dispatcher();
    const first = call(model, ask('a'), 'a');
    while (arrivals.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const second = call(model, ask('b'), 'b');
    expect((await first).reply?.text).toBe('yes');
    expect((await second).reply?.text).toBe('yes');
    expect(arrivals.map(({ prompt }) => prompt)).toEqual(['a', 'a', 'b']);
    for (const { at } of arrivals.slice(1)) expect(at - arrivals[0]!.at).toBeGreaterThan(295);
  });

  it('does not repeat what cannot succeed, nor wait for hours', async () => {
    plan = (_, prompt, response) =>
      prompt === 'key' ? fail(response, 401) : fail(response, 429, { 'retry-after': '7200' });
    const { call } = dispatcher();
    expect((await call(model, ask('key'), 'k')).error).toMatchObject({
      reason: 'transport',
      isRetryable: false,
    });
    for (const prompt of ['quota', 'nor keep others waiting']) {
      expect((await call(model, ask(prompt), prompt)).error).toMatchObject({
        reason: 'rate-limit',
        retryAfterMs: 7_200_000,
      });
    }
    expect(calls).toBe(3);
  });

  it('gives up an attempt that hangs, and tries again', async () => {
    plan = (n, _, response) => (n === 1 ? undefined : ok(response));
    const { call } = dispatcher({ timeout_seconds: 0.5 });
    expect((await call(model, ask('a'), 'a')).reply?.text).toBe('yes');
    expect(calls).toBe(2);
    plan = () => undefined;
    const { error } = await dispatcher({ timeout_seconds: 0.03, attempts: 2 }).call(model, ask('b'), 'b');
    expect(error).toMatchObject({ reason: 'timeout' });
  });

  it('gives up on a model that does not heed the signal', async () => {
    const deaf: LanguageModel = { ...model, generate: () => new Promise(() => undefined) };
    expect(
      (await dispatcher({ timeout_seconds: 0.02, attempts: 1 }).call(deaf, ask('a'), 'a')).error?.reason,
    ).toBe('timeout');
  });

  it('reports a connection that breaks as the transport', async () => {
    plan = (n, _, response) => (n < 3 ? response.destroy() : ok(response));
    expect((await dispatcher().call(model, ask('a'), 'a')).reply?.text).toBe('yes');
    plan = (_, __, response) => response.destroy();
    expect((await dispatcher({ attempts: 2 }).call(model, ask('b'), 'b')).error).toMatchObject({
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

/** Until the server has seen it. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('a deadline for the whole request', () => {
  it('ends the call at once, cancels the request, and frees its place', async () => {
    plan = (_, prompt, response) => (prompt === 'slow' ? undefined : ok(response));
    const { call, usage } = dispatcher({ concurrency: 1, price: { input: 1e6, output: 0 } });
    const deadline = new AbortController();
    const slow = call(model, { ...ask('slow'), signal: deadline.signal }, 'slow');
    const queued = call(model, { ...ask('queued'), signal: deadline.signal }, 'queued');
    const patient = call(model, ask('patient'), 'patient');
    await until(() => calls === 1);
    deadline.abort();
    expect((await slow).error).toMatchObject({ reason: 'timeout', isRetryable: false });
    expect((await queued).error).toMatchObject({ reason: 'timeout' });
    // What the cancelled request may have cost counts; the one that was never sent cost nothing.
    expect((await slow).usage).toMatchObject({ calls: 1, inputTokens: 1, outputTokens: 16, money: 1 });
    expect((await queued).usage.calls).toBe(0);
    expect((await patient).reply?.text).toBe('yes');
    await until(() => cancelled.length > 0);
    expect(cancelled).toEqual(['slow']);
    expect(usage().calls).toBe(2);
    const late = await call(model, { ...ask('late'), signal: deadline.signal }, 'late');
    expect(late.error).toMatchObject({ reason: 'timeout' });
    expect(calls).toBe(2);
  });

  it('may be that of many calls', async () => {
    plan = () => undefined;
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    const { call } = dispatcher({ concurrency: 40 });
    const signal = AbortSignal.timeout(300);
    const results = await Promise.all(
      Array.from({ length: 60 }, (_, i) => call(model, { ...ask(`q${i}`), signal }, `k${i}`)),
    );
    expect(results.every(({ error }) => error?.reason === 'timeout')).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  it('of one of two callers of the same call does not end it for the other', async () => {
    let answer = (): void => undefined;
    plan = (_, __, response) => void (answer = () => ok(response));
    const { call } = dispatcher();
    const [one, two] = [new AbortController(), new AbortController()];
    const first = call(model, { ...ask('a'), signal: one.signal }, 'a');
    const second = call(model, { ...ask('a'), signal: two.signal }, 'a');
    const third = call(model, ask('a'), 'a');
    await until(() => calls === 1);
    one.abort();
    expect(await first).toMatchObject({ error: { reason: 'timeout' }, usage: { calls: 0 } });
    expect(cancelled).toEqual([]);
    answer();
    // Who waited to the end pays, once.
    expect(await second).toMatchObject({ reply: { text: 'yes' }, cached: false, usage: { calls: 1 } });
    expect(await third).toMatchObject({ reply: { text: 'yes' }, cached: true, usage: { saved: 1 } });
  });

  it('cancels the shared call when the last caller leaves, and a later caller asks anew', async () => {
    plan = (n, _, response) => (n === 1 ? undefined : ok(response));
    const { call } = dispatcher();
    const deadline = new AbortController();
    const callers = ['a', 'a'].map((key) => call(model, { ...ask('x'), signal: deadline.signal }, key));
    await until(() => calls === 1);
    deadline.abort();
    for (const caller of callers) expect((await caller).error?.reason).toBe('timeout');
    expect((await call(model, ask('x'), 'a')).reply?.text).toBe('yes');
    expect(cancelled).toEqual(['x']);
  });
});

describe('a straggler', () => {
  it('gets a second request; the first reply counts, the loser is cancelled and its cost counted', async () => {
    plan = (n, _, response) => (n === 21 ? undefined : ok(response));
    const { call, usage } = dispatcher({
      concurrency: 8,
      hedge: { quantile: 0.99, after_seconds: 0.3, share: 0.05 },
      price: { input: 0, output: 1e6 },
    });
    const results = [];
    for (let i = 0; i < 22; i++) results.push(await call(model, ask(`q${i}`), `k${i}`));
    expect(results.every(({ reply }) => reply?.text === 'yes')).toBe(true);
    expect(calls).toBe(23);
    expect(results[20]!.usage).toMatchObject({ calls: 2, outputTokens: 26, money: 26 });
    await until(() => cancelled.length > 0);
    expect(cancelled).toEqual(['q20']);
    expect(usage().calls).toBe(23);
  });
});

describe('paying once', () => {
  const answerLater: Plan = (_, prompt, response) => void setTimeout(() => ok(response, prompt), 20);
  /** Answers later too, and keeps what was asked in its order. */
  function keepOrder(): string[] {
    const order: string[] = [];
    plan = (n, prompt, response) => {
      order.push(prompt);
      answerLater(n, prompt, response);
    };
    return order;
  }

  it('sends identical calls in flight once', async () => {
    plan = answerLater;
    const { call, usage } = dispatcher({ price: { input: 3, output: 15 } });
    const keys = Array.from({ length: 6 }, (_, i) => (i < 5 ? 'same' : 'other'));
    const results = await Promise.all(keys.map((key) => call(model, ask('a'), key)));
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
    const order = keepOrder();
    const { call } = dispatcher({ concurrency: 3 });
    const prompts = Array.from({ length: 12 }, (_, i) => `p${i}`);
    await Promise.all(prompts.map((prompt) => call(model, ask(prompt), prompt)));
    expect(mostAtOnce).toBe(3);
    expect([...order].sort()).toEqual([...prompts].sort());
    expect(order.slice(0, 3).sort()).toEqual(['p0', 'p1', 'p2']);
  });

  it('lets a question that is asked again go before new ones', async () => {
    const order = keepOrder();
    const { call } = dispatcher({ concurrency: 1 });
    await Promise.all([
      ...['a', 'b', 'c'].map((prompt) => call(model, ask(prompt), prompt)),
      call(model, ask('again'), 'again', true),
    ]);
    expect(order).toEqual(['a', 'again', 'b', 'c']);
  });
});
