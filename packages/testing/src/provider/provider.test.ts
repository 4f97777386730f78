import { afterEach, describe, expect, it } from 'vitest';
import { candidateOf, ruleJudge } from '../judges/rule-judge.js';
import { drawnFates, NO_FAULTS, PRODUCTION } from './fates.js';
import { createLimiter } from './limits.js';
import type { ProviderOptions } from './provider.js';
import { startProvider, type ProviderServer } from './server.js';

const smooth = (p50: number) => drawnFates({ latency: { p50, p99: p50 + 1 }, faults: NO_FAULTS }, 1);
let server: ProviderServer;
afterEach(() => server?.goDown());

async function start(options: Partial<ProviderOptions>): Promise<void> {
  server = await startProvider({
    respond: ruleJudge((candidate) => ({ Good: candidate === 'good' })),
    sampleOf: candidateOf,
    ...options,
  });
}
const prompt = (candidate: string): string => `<candidate>\n${candidate}\n</candidate>\nThe reply id is abc`;
const chat = (candidate: string, signal: AbortSignal | null = null): Promise<Response> =>
  fetch(`${server.url}/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ messages: [{ role: 'user', content: prompt(candidate) }], max_tokens: 300 }),
    signal,
  });

describe('fates', () => {
  it('have the latency and the faults that they claim, the same for the same call', () => {
    const fateOf = drawnFates(PRODUCTION, 1);
    const fates = Array.from({ length: 20_000 }, (_, i) => fateOf({ sample: `s-${i}`, attempt: 1 }));
    expect(drawnFates(PRODUCTION, 1)({ sample: 's-7', attempt: 1 })).toEqual(fates[7]);
    const latencies = fates.map(({ latencyMs }) => latencyMs!).sort((a, b) => a - b);
    expect(latencies[10_000]).toBeGreaterThan(780);
    expect(latencies[10_000]).toBeLessThan(820);
    expect(latencies[19_800]).toBeGreaterThan(5600);
    expect(latencies[19_800]).toBeLessThan(6400);
    for (const [kind, share] of Object.entries(PRODUCTION.faults)) {
      const found = fates.filter((fate) => fate.kind === kind).length / fates.length;
      expect(Math.abs(found - share), kind).toBeLessThan(0.004);
    }
  });
});

describe('limits', () => {
  it('admit no more than they say, whatever comes, and say how long to wait', () => {
    const limiter = createLimiter({ requestsPerMinute: 600, tokensPerMinute: 60_000, burstSeconds: 2 });
    let admitted = 0;
    let tokens = 0;
    for (let now = 0; now < 60_000; now += 7) {
      const needed = 50 + ((now * 31) % 100);
      if (limiter.admit(needed, now) > 0) continue;
      admitted++;
      tokens += needed;
      expect(admitted).toBeLessThanOrEqual(20 + now / 100 + 1e-6);
      expect(tokens).toBeLessThanOrEqual(2000 + now + 1e-3);
    }
    expect(tokens).toBeGreaterThan(0.97 * 62_000);
    const waitMs = limiter.admit(1000, 60_000);
    expect(waitMs).toBeGreaterThan(0);
    expect(limiter.admit(1000, 60_000 + waitMs)).toBe(0);
  });
});

describe('a provider over HTTP', () => {
  it('answers by its rule on both wires', async () => {
    await start({});
    const content = {
      id: 'abc',
      verdicts: [{ criterion: 'Good', evidence: 'good', reason: 'by rule', score: true }],
    };
    const { choices } = (await (await chat('good')).json()) as {
      choices: { message: { content: string } }[];
    };
    expect(JSON.parse(choices[0]!.message.content)).toEqual(content);
    const converse = await fetch(`${server.origin}/model/some.model%3A0/converse`, {
      method: 'POST',
      body: JSON.stringify({ messages: [{ role: 'user', content: [{ text: prompt('good') }] }] }),
    });
    const { output } = (await converse.json()) as { output: { message: { content: { text: string }[] } } };
    expect(JSON.parse(output.message.content[0]!.text)).toEqual(content);
  });

  it('counts what it answered, refused and was paid for twice', async () => {
    await start({ limits: { requestsPerMinute: 60, burstSeconds: 3 } });
    const replies: Response[] = [];
    for (const sample of ['a', 'a', 'b', 'b']) replies.push(await chat(sample));
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(replies[3]!.headers.get('retry-after')).toBe('1');
    const report = (await (await fetch(`${server.origin}/report`)).json()) as object;
    expect(report).toMatchObject({
      calls: 4,
      admitted: 3,
      refused: 1,
      useful: 2,
      redundant: 1,
      distinctPrompts: 2,
      samples: { a: { useful: 2 }, b: { useful: 1, admitted: 1 } },
    });
  });

  it('counts a call that the client hangs up on as redundant only if a verdict was coming', async () => {
    await start({ fate: smooth(400) });
    await expect(chat('a', AbortSignal.timeout(100))).rejects.toThrow('timeout');
    await (await chat('a')).text();
    server.provider.fate = () => ({ kind: 'hang' });
    await expect(chat('a', AbortSignal.timeout(50))).rejects.toThrow('timeout');
    await expect
      .poll(() => server.provider.ledger.report())
      .toMatchObject({
        cancelled: 1,
        redundant: 1,
        useful: 1,
        hang: 1,
        inFlight: 0,
      });
  });

  it('fails as it is told to', async () => {
    await start({ fate: () => ({ kind: 'error', status: 429, code: 'insufficient_quota' }) });
    const refused = await chat('a');
    expect([refused.status, await refused.json()]).toMatchObject([
      429,
      { error: { code: 'insufficient_quota' } },
    ]);
    server.provider.fate = () => ({ kind: 'reset' });
    await expect(chat('a')).rejects.toThrow('fetch failed');
    server.provider.fate = () => ({ kind: 'malformed', variant: 0.1 });
    const { choices } = (await (await chat('good')).json()) as { choices: { finish_reason: string }[] };
    expect(choices[0]!.finish_reason).toBe('length');
    await server.goDown();
    await expect(chat('a')).rejects.toThrow('fetch failed');
    await server.comeBack();
    expect((await chat('good')).status).toBe(200);
    expect(server.provider.ledger.counts).toMatchObject({ error: 1, reset: 1, malformed: 2, useful: 0 });
  });
});
