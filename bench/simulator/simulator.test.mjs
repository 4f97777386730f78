import { afterEach, describe, expect, it } from 'vitest';
import { makeSamples } from '../reward/samples.mjs';
import { PLAIN_PROMPT } from '../reward/rubric.mjs';
import { drawFate, PRODUCTION } from './fates.mjs';
import { startProvider } from './provider.mjs';
import { judgeByRule } from './rule-judge.mjs';
import { createLimiter } from './token-bucket.mjs';

const quick = { latency: { p50: 2, p99: 4 }, faults: { serverError: 0, reset: 0, hang: 0, malformed: 0 } };
const prompt = ({ document, response }) =>
  PLAIN_PROMPT.replace('{{document}}', () => document).replace('{{response}}', () => response);
let provider;
afterEach(() => provider?.close());

const ask = (sample, signal) =>
  fetch(`${provider.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ messages: [{ role: 'user', content: prompt(sample) }], max_tokens: 300 }),
    signal,
  });

describe('the simulator', () => {
  it('judges every sample as its truth is', () => {
    for (const sample of makeSamples(200, 3)) {
      const { sample: id, grounded, actionable } = judgeByRule(prompt(sample));
      expect({ id, grounded, actionable }).toEqual({ id: sample.id, ...sample.truth });
    }
  });

  it('draws the latency and the faults that it claims, the same for the same call', () => {
    const fates = Array.from({ length: 20_000 }, (_, i) => drawFate(PRODUCTION, 1, `s-${i}`, 1));
    expect(drawFate(PRODUCTION, 1, 's-7', 1)).toEqual(fates[7]);
    const latencies = fates.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b);
    expect(latencies[10_000]).toBeGreaterThan(780);
    expect(latencies[10_000]).toBeLessThan(820);
    expect(latencies[19_800]).toBeGreaterThan(5600);
    expect(latencies[19_800]).toBeLessThan(6400);
    for (const [kind, share] of Object.entries(PRODUCTION.faults)) {
      const found = fates.filter((fate) => fate.kind === kind).length / fates.length;
      expect(Math.abs(found - share), kind).toBeLessThan(0.004);
    }
  });

  it('admits no more than its limits, whatever comes, and says how long to wait', () => {
    const limiter = createLimiter({ requestsPerMinute: 600, tokensPerMinute: 60_000, burstSeconds: 2 });
    let admitted = 0;
    let tokens = 0;
    for (let now = 0; now < 60_000; now += 7) {
      const needed = 50 + ((now * 31) % 100);
      const { retryAfterMs } = limiter.admit(needed, now);
      if (retryAfterMs > 0) continue;
      admitted++;
      tokens += needed;
      expect(admitted).toBeLessThanOrEqual(20 + now / 100 + 1e-9);
      expect(tokens).toBeLessThanOrEqual(2000 + now);
    }
    expect(tokens).toBeGreaterThan(0.97 * 62_000);
    const { retryAfterMs } = limiter.admit(1000, 60_000);
    expect(limiter.admit(1000, 60_000 + retryAfterMs).retryAfterMs).toBe(0);
  });

  it('counts what it answered, refused and paid for twice', async () => {
    const limits = { requestsPerMinute: 60, tokensPerMinute: 1e9, burstSeconds: 3 };
    provider = await startProvider({ seed: 1, limits, behaviour: quick });
    const [a, b] = makeSamples(2, 1);
    const replies = [];
    for (const sample of [a, a, b, b]) replies.push(await ask(sample));
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(replies[3].headers.get('retry-after')).toBe('1');
    const { calls, admitted, rejected, useful, redundant, distinctPrompts } = provider.ledger.report();
    expect({ calls, admitted, rejected, useful, redundant, distinctPrompts }).toEqual({
      calls: 4,
      admitted: 3,
      rejected: 1,
      useful: 2,
      redundant: 1,
      distinctPrompts: 2,
    });
  });

  it('counts a call that the client hangs up on as redundant only if a verdict was coming', async () => {
    provider = await startProvider({
      seed: 1,
      limits: null,
      behaviour: { ...quick, latency: { p50: 400, p99: 401 } },
    });
    const [sample] = makeSamples(1, 1);
    await expect(ask(sample, AbortSignal.timeout(100))).rejects.toThrow('timeout');
    await (await ask(sample)).text();
    expect(provider.ledger.report()).toMatchObject({ cancelled: 1, redundant: 1, useful: 1, inFlight: 0 });
  });
});
