import { ProviderError, type LanguageModel, type ModelReply, type ReplyCache } from '@touchstone/spec';
import { createEchoProvider, createVirtualClock, type EchoOptions } from '@touchstone/testing';
import { describe, expect, it } from 'vitest';
import { createDispatcher, type CallResult, type DispatcherOptions } from './dispatcher.js';

const ask = (content: string) => ({
  messages: [{ role: 'user' as const, content }],
  maxOutputTokens: 16,
  temperature: 0,
  seed: 1,
});

const FAULTS = { error: 0.02, reset: 0.01, hang: 0.01 };
const QUICK = { p50: 200, p99: 400 };
const HEDGE = { quantile: 0.99, share: 0.03 };

/** A dispatcher in front of a simulator of a provider, on a clock that jumps. */
function setUp(options: Omit<EchoOptions, 'clock' | 'seed'>, more: Partial<DispatcherOptions> = {}) {
  const clock = createVirtualClock();
  const { provider, model } = createEchoProvider({ clock, seed: 3, ...options });
  const dispatcher = createDispatcher({
    concurrency: 256,
    timeout_seconds: 60,
    attempts: 5,
    seed: 1,
    clock,
    ...more,
  });
  const askAll = (count: number, from = 0): Promise<CallResult[]> =>
    Promise.all(
      Array.from({ length: count }, (_, i) => dispatcher.call(model, ask(`q${from + i}`), `k${from + i}`)),
    );
  return { clock, provider, model, dispatcher, askAll };
}

describe('under a rate limit', () => {
  it('that is declared, uses all of it and is hardly ever refused', async () => {
    const { clock, provider, askAll } = setUp(
      { limits: { requestsPerMinute: 1200 }, faults: FAULTS },
      { requests_per_minute: 1200, hedge: HEDGE },
    );
    const results = await clock.run(askAll(2000));
    const { counts, samples } = provider.ledger;
    expect(results.every(({ reply }, i) => reply?.text === `q${i}`)).toBe(true);
    expect(counts.refused).toBe(0);
    // Of what the provider lets through, 4 % are lost to its faults and must be asked again.
    expect(2000 / (clock.now() / 1000) / 20).toBeGreaterThan(0.95 * 0.96);
    // What was asked for more than that: the slower ones of two.
    expect((counts.calls - 2000) / counts.calls).toBeLessThan(0.04 + 0.03);
    expect(new Set([...samples.values()].map(({ useful }) => useful))).toEqual(new Set([1]));
  });

  it('that is not declared, finds it by its refusals, and what it is changed to', async () => {
    const { clock, provider, askAll } = setUp({ limits: { requestsPerMinute: 1200 } });
    const work = askAll(5000);
    const seconds = async (length: number): Promise<number> => {
      const before = provider.ledger.counts.useful;
      await clock.sleep(length * 1000);
      return (provider.ledger.counts.useful - before) / length;
    };
    const rates = await clock.run(
      (async () => {
        await seconds(20);
        const normal = await seconds(60);
        provider.setLimits({ requestsPerMinute: 600 });
        await seconds(60);
        const halved = await seconds(30);
        provider.setLimits({ requestsPerMinute: 1800 });
        await seconds(60);
        return { normal, halved, raised: await seconds(30) };
      })(),
    );
    expect(rates.normal).toBeGreaterThan(0.9 * 20);
    expect(rates.halved).toBeGreaterThan(0.85 * 10);
    expect(rates.raised).toBeGreaterThan(0.85 * 30);
    const { refused, calls } = provider.ledger.counts;
    expect(refused / calls).toBeLessThan(0.03);
    expect((await clock.run(work)).every(({ reply }) => reply !== undefined)).toBe(true);
  });

  it('does not send everything at once when a Retry-After is over', async () => {
    const { clock, provider, askAll } = setUp({ limits: { requestsPerMinute: 1200 } });
    await clock.run(askAll(1500));
    const late = provider.ledger.arrivals.filter((at) => at > 20_000);
    const mostInATenth = Math.max(
      ...late.map((from) => late.filter((at) => at >= from && at < from + 100).length),
    );
    // Two would be the even rate.
    expect(mostInATenth).toBeLessThanOrEqual(6);
  });

  it('counts tokens from the start of a call: its input and its longest output', async () => {
    // The prompt has 100 bytes: 25 tokens are expected, and 16 of output.
    const { clock, provider, model, dispatcher } = setUp(
      { outputTokens: 16 },
      { tokens_per_minute: 41 * 60 },
    );
    const prompts = Array.from({ length: 60 }, (_, i) => `${i}`.padEnd(100, 'x'));
    await clock.run(Promise.all(prompts.map((prompt) => dispatcher.call(model, ask(prompt), prompt))));
    const { arrivals } = provider.ledger;
    expect((arrivals.at(-1)! - arrivals[0]!) / (arrivals.length - 1)).toBeCloseTo(1000, 0);
  });

  it('gets back the tokens of the output that was not written', async () => {
    const { clock, provider, model, dispatcher } = setUp({ outputTokens: 1 }, { tokens_per_minute: 41 * 60 });
    const prompts = Array.from({ length: 60 }, (_, i) => `${i}`.padEnd(100, 'x'));
    await clock.run(Promise.all(prompts.map((prompt) => dispatcher.call(model, ask(prompt), prompt))));
    const { arrivals } = provider.ledger;
    const mean = (arrivals.at(-1)! - arrivals[0]!) / (arrivals.length - 1);
    expect(mean).toBeLessThan((1000 * 30) / 41);
    expect(mean).toBeGreaterThan((1000 * 24) / 41);
  });
});

describe('an outage', () => {
  it('of half a minute in the middle loses nothing, and is not hammered', async () => {
    const { clock, provider, askAll } = setUp(
      { latency: { p50: 200, p99: 1000 }, down: [10_000, 40_000] },
      { concurrency: 16, attempts: 3 },
    );
    const results = await clock.run(askAll(1500));
    expect(results.filter(({ reply }) => reply === undefined)).toEqual([]);
    expect(provider.ledger.counts.error).toBeLessThan(16 + 10);
    // The first probe after the end comes at most 30 s later.
    expect(provider.ledger.arrivals.some((at) => at > 40_000 && at < 71_000)).toBe(true);
  });

  it('that does not end is given up after the declared time, with its reason', async () => {
    const { clock, askAll, provider } = setUp(
      { down: [5000, Infinity] },
      { concurrency: 8, outage_seconds: 60 },
    );
    const results = await clock.run(askAll(200));
    const lost = results.filter(({ reply }) => reply === undefined);
    expect(lost.length).toBeGreaterThan(100);
    expect(lost.every(({ error }) => error?.reason === 'transport' && error.status === 503)).toBe(true);
    expect(clock.now()).toBeLessThan(5000 + 60_000 + 40_000);
    expect(provider.ledger.counts.error).toBeLessThan(40);
  });

  it('of a provider that never answered is told soon', async () => {
    const { clock, askAll, provider } = setUp({ down: [0, Infinity] }, { concurrency: 8 });
    const results = await clock.run(askAll(1000));
    expect(results.every(({ error }) => error?.reason === 'transport')).toBe(true);
    expect(clock.now()).toBeLessThan(30_000);
    expect(provider.ledger.counts.error).toBeLessThan(60);
  });
});

describe('failover', () => {
  const refuse = (error: ProviderError): LanguageModel => ({
    id: 'bedrock:broken',
    version: '1',
    structuredOutput: false,
    generate: () => Promise.reject(error),
  });

  it('goes to the next model while the first is down, says which one answered, and comes back', async () => {
    const clock = createVirtualClock();
    const first = createEchoProvider({ clock, seed: 1, latency: QUICK, down: [5000, 20_000] });
    const second = createEchoProvider({ clock, seed: 2, latency: QUICK, id: 'anthropic:second' });
    const { call, usage } = createDispatcher({
      concurrency: 4,
      timeout_seconds: 10,
      attempts: 3,
      seed: 1,
      clock,
      price: { input: 0, output: 1e6 },
      fallbacks: [{ model: second.model, concurrency: 4, price: { input: 0, output: 2e6 } }],
    });
    const models: (string | undefined)[] = [];
    const work = async (lane: number): Promise<void> => {
      for (let i = 0; clock.now() < 60_000; i++) {
        const { reply } = await call(first.model, ask(`${lane}/${i}`), `${lane}/${i}`);
        models.push(reply === undefined ? 'none' : reply.model);
      }
    };
    await clock.run(Promise.all([0, 1, 2, 3].map(work)));
    expect(new Set(models)).toEqual(new Set([undefined, 'anthropic:second']));
    const byFirst = models.filter((model) => model === undefined).length;
    const { counts, arrivals } = first.provider.ledger;
    expect(counts.useful).toBe(byFirst);
    expect(second.provider.ledger.counts.useful).toBe(models.length - byFirst);
    // Asked again by one probe at a time, and used again after the outage.
    expect(counts.error).toBeLessThan(12);
    expect(arrivals.filter((at) => at > 35_000).length).toBeGreaterThan(100);
    expect(usage().money).toBeCloseTo(10 * byFirst + 20 * (models.length - byFirst), 6);
  });

  it('happens for refusals for good, but not when the budget or the time is over', async () => {
    const clock = createVirtualClock();
    const second = createEchoProvider({ clock, seed: 2, id: 'anthropic:second' });
    const quota = new ProviderError('no credit', { reason: 'rate-limit', isRetryable: false, status: 429 });
    const options = {
      concurrency: 4,
      timeout_seconds: 10,
      attempts: 3,
      seed: 1,
      clock,
      fallbacks: [{ model: second.model, concurrency: 4 }],
    };
    const { reply } = await clock.run(createDispatcher(options).call(refuse(quota), ask('a'), 'a'));
    expect(reply?.model).toBe('anthropic:second');
    const poor = createDispatcher({ ...options, budget: { tokens: 10 } });
    expect((await clock.run(poor.call(refuse(quota), ask('a'), 'a'))).error?.reason).toBe('budget');
    expect(second.provider.ledger.counts.calls).toBe(1);
  });
});

describe('a budget', () => {
  it('is never exceeded by calls in flight, and is used', async () => {
    const { clock, provider, dispatcher, askAll } = setUp(
      { outputTokens: 12, latency: { p50: 100, p99: 500 } },
      { budget: { money: 1 }, price: { input: 0, output: 1000 }, concurrency: 64 },
    );
    // A reply costs 12 of the 16 tokens that may come: $0.012; a dollar buys 83, and the last calls wait for each other.
    const results = await clock.run(askAll(200));
    const answered = results.filter(({ reply }) => reply !== undefined);
    expect(answered).toHaveLength(83);
    expect(provider.ledger.counts.calls).toBe(83);
    expect(dispatcher.usage().money).toBeCloseTo(83 * 0.012, 9);
    const refused = results.filter(({ reply }) => reply === undefined);
    expect(refused.every(({ error }) => error?.reason === 'budget')).toBe(true);
    expect((await clock.run(askAll(1, 999)))[0]!.error?.message).toContain('0.9960 of 1 US dollars');
  });
});

describe('a shared cache that is slow', () => {
  it('does not make identical calls twice', async () => {
    const clock = createVirtualClock();
    const { provider, model } = createEchoProvider({ clock, seed: 1 });
    const kept = new Map<string, ModelReply>();
    const cache: ReplyCache = {
      get: async (key) => (await clock.sleep(300), kept.get(key)),
      put: async (key, reply) => {
        await clock.sleep(300);
        kept.set(key, reply);
      },
    };
    const { call } = createDispatcher({
      concurrency: 4,
      timeout_seconds: 100,
      attempts: 1,
      seed: 1,
      clock,
      cache,
    });
    const later = async (ms: number): Promise<CallResult> => {
      await clock.sleep(ms);
      return call(model, ask('a'), 'a');
    };
    const results = await clock.run(Promise.all(Array.from({ length: 60 }, (_, i) => later(i * 50))));
    expect(provider.ledger.counts.calls).toBe(1);
    expect(results.filter(({ usage }) => usage.calls === 1)).toHaveLength(1);
    expect(results.filter(({ usage }) => usage.saved === 1)).toHaveLength(59);
  });
});
