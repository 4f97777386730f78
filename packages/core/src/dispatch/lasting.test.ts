import { InputError, type LanguageModel, type ModelReply, type ReplyCache } from '@touchstone/spec';
import { startProvider, type Fate } from '@touchstone/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openModel } from '../providers/open-model.js';
import { modelSchema } from '../providers/schema.js';
import { createDispatcher, type DispatcherOptions } from './dispatcher.js';

const ask = (content: string) => ({
  messages: [{ role: 'user' as const, content }],
  maxOutputTokens: 64,
  temperature: 0,
  seed: 1,
});

async function provider(
  fate: (n: number) => Fate = () => ({ kind: 'reply' }),
  usage: Partial<ModelReply> = {},
) {
  const {
    url,
    provider: simulator,
    goDown,
  } = await startProvider({
    respond: () => ({ text: 'yes', ...usage }),
    fate: ({ n }) => fate(n),
  });
  onTestFinished(goDown);
  const config = modelSchema.parse({ model: `openai-compatible:m${url.length}`, base_url: url });
  return { model: await openModel(config, { env: {} }), counts: simulator.ledger.counts };
}

const dispatcher = (more: Partial<DispatcherOptions> = {}) =>
  createDispatcher({ concurrency: 2, timeout_seconds: 30, attempts: 5, seed: 1, ...more });

/** One after the other. */
async function askAll(call: ReturnType<typeof dispatcher>['call'], model: LanguageModel, count: number) {
  const results = [];
  for (let i = 0; i < count; i++) results.push(await call(model, ask(`q${i}`), `k${i}`));
  return results;
}

const USED_UP: Fate = {
  kind: 'error',
  status: 429,
  body: { errors: [{ message: 'Monthly requests are used up' }] },
};

describe('a refusal that lasts', () => {
  it('goes to the model that stands in at once, which is then asked first', async () => {
    const first = await provider((n) => (n === 1 ? { kind: 'reply' } : USED_UP));
    const second = await provider();
    const { call } = dispatcher({ fallbacks: [{ model: second.model, concurrency: 2 }] });
    const results = await askAll(call, first.model, 20);
    expect(results.every(({ reply }) => reply?.text === 'yes')).toBe(true);
    expect([first.counts.calls, second.counts.calls]).toEqual([4, 19]);
  });

  it('ends calls with the words of the provider where no other model is left, and is not asked for every one', async () => {
    const only = await provider(() => ({
      kind: 'error',
      status: 200,
      body: { error: { code: 402, message: 'Pay first' } },
    }));
    const { call, usage } = dispatcher();
    const results = await askAll(call, only.model, 30);
    expect(results.every(({ error }) => error?.message.includes('Pay first'))).toBe(true);
    expect(only.counts.calls).toBe(3);
    expect(usage()).toMatchObject({ calls: 0, inputTokens: 0 });
  });

  it('is none where others are answered in between', async () => {
    const mixed = await provider((n) =>
      n % 3 === 0 ? { kind: 'reply' } : { kind: 'error', status: 401, body: 'no' },
    );
    await askAll(dispatcher().call, mixed.model, 12);
    expect(mixed.counts.calls).toBe(12);
  });
});

it.each([
  { inputTokens: -1e12, outputTokens: -1e12 },
  { inputTokens: 0, outputTokens: 0 },
  { inputTokens: 12.5, outputTokens: 0.25 },
  { inputTokens: 1e15, outputTokens: 1e15 },
  { inputTokens: null as unknown as number, outputTokens: '9' as unknown as number },
])('a reply that reports %j costs what was estimated for it, said once', async (usage) => {
  const { model } = await provider(undefined, usage);
  const problems: string[] = [];
  const { call } = dispatcher({
    price: { input: 1, output: 1 },
    budget: { tokens: 12_000 },
    onProblem: (message) => problems.push(message),
  });
  const [first, second] = [
    await call(model, ask('x'.repeat(400)), 'a'),
    await call(model, ask('y'.repeat(400)), 'b'),
  ];
  expect(first.usage).toMatchObject({ calls: 1, inputTokens: 100, outputTokens: 64 });
  expect(second.reply).toMatchObject({ inputTokens: 100, outputTokens: 64 });
  expect(problems).toHaveLength(1);
});

describe('a cache', () => {
  /** Its first reply stays, as in a file that processes share. */
  function cacheOf(...stored: [string, ModelReply][]) {
    const kept = new Map(stored);
    const notes: string[] = [];
    const cache: ReplyCache = {
      get: (key) => kept.get(key),
      put: (key, reply) => void (kept.has(key) || kept.set(key, reply)),
      forget: (key) => void kept.delete(key),
      note: (key) => void notes.push(key),
    };
    return { cache, kept, notes };
  }
  const reply = (text: string, finish: ModelReply['finish'] = 'stop'): ModelReply => ({
    text,
    finish,
    inputTokens: 1,
    outputTokens: 1,
  });

  it('keeps answers only; what is none is noted, for its cost', async () => {
    const { cache, kept, notes } = cacheOf();
    const { model } = await provider(undefined, { text: 'no verdict in it' });
    const { call } = dispatcher({ cache });
    await call(model, ask('a'), 'a', false, ({ text }) => text.startsWith('{'));
    expect([kept.size, notes]).toEqual([0, ['a']]);
    await call(model, ask('b'), 'b');
    expect([...kept.keys()]).toEqual(['b']);
  });

  it('that holds what an older version kept is asked in vain, and mended', async () => {
    const { cache, kept } = cacheOf(['a', reply('')], ['b', reply('half', 'length')], ['c', reply('kept')]);
    const { model, counts } = await provider();
    const { call } = dispatcher({ cache });
    for (const key of ['a', 'b', 'c']) await call(model, ask(key), key);
    expect(counts.calls).toBe(2);
    expect([...kept.values()].map(({ text }) => text).sort()).toEqual(['kept', 'yes', 'yes']);
  });
});

it.each([
  'https://h/v1?api_key=abc',
  'https://h/v1?x=sk-abcdef',
  `https://h/v1?${'A1b2'.repeat(8)}`,
  'https://h/#token=abc',
])('an address with a key in it is refused: %s', (base_url) => {
  const { error } = modelSchema.safeParse({ model: 'openai-compatible:m', base_url });
  expect(error?.issues[0]).toMatchObject({
    path: ['base_url'],
    message: expect.stringContaining('api_key_env') as string,
  });
  expect(error?.message).not.toMatch(/abc|A1b2/);
});

it('an address with a version in its query is sent to with its query, and a key that no header carries is refused', async () => {
  expect(
    modelSchema.safeParse({ model: 'openai-compatible:m', base_url: 'https://h/v1?api-version=2024-10-21' })
      .success,
  ).toBe(true);
  const config = modelSchema.parse({
    model: 'openai-compatible:m',
    base_url: 'https://h/v1',
    api_key_env: 'K',
  });
  for (const key of ['abc\ndef', 'schlüssel', 'abc\u0000', 'a—b']) {
    const opened = openModel(config, { env: { K: key } });
    await expect(opened).rejects.toThrow(InputError);
    await expect(opened).rejects.toThrow(/K cannot be sent in a header/);
    await expect(opened).rejects.not.toThrow(/abc|schl/);
  }
});
