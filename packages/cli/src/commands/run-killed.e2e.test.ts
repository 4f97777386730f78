import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CausalLM } from '@touchstone/engine';
import { startProvider, type ProviderServer } from '@touchstone/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  answeredBy,
  killedEvery,
  lengthJudge,
  smallRun,
  summaryOf,
  TIMEOUT_MS,
  train,
  training,
  weightsOf,
} from './small-run.testing.js';

describe('with a judge behind HTTP', { timeout: TIMEOUT_MS }, () => {
  let endpoint: ProviderServer;
  const answered = (): number => answeredBy(endpoint);
  /** A question of another run is another one to pay for. */
  let run = 'straight';
  const startEndpoint = () =>
    startProvider({
      respond: lengthJudge,
      sampleOf: ({ model, prompt, request }) => JSON.stringify([run, model, prompt, request.seed]),
    });

  /** A run that nothing stopped: its folder, what it paid for and the time it took. */
  let straight: string;
  let needed: number;
  let wholeMs: number;
  beforeAll(async () => {
    endpoint = await startEndpoint();
    straight = await smallRun(endpoint.url);
    const begun = performance.now();
    const { code, err } = await train(straight);
    if (code !== 0) throw new Error(err);
    wholeMs = performance.now() - begun;
    needed = answered();
  }, TIMEOUT_MS);
  afterAll(() => endpoint.goDown());
  afterEach(() => {
    endpoint.provider.fate = () => ({ kind: 'reply' });
    vi.unstubAllEnvs();
  });

  it('killed at any stage and run again, it ends the same and pays for nothing twice', async () => {
    run = 'killed';
    const folder = await smallRun(endpoint.url);
    // A few calls further on each time, so that every stage is cut off somewhere.
    const killed = await killedEvery(6, endpoint, () => training(folder));
    const killedIn = new Set<number>();
    let finished = 0;
    for (const err of killed) {
      for (const [, stage] of err.matchAll(/^(\d) of 6, .*: done in/gm)) finished = Number(stage);
      killedIn.add(finished + 1);
    }
    // Supervised fine-tuning, the fifth, asks nothing: the next test is for what lies between calls.
    expect([...killedIn]).toEqual([1, 2, 3, 4, 6]);

    expect(endpoint.provider.ledger.counts.redundant).toBe(0);
    expect(answered()).toBe(2 * needed);
    const weights = await weightsOf(straight);
    expect(weights).not.toBe((await CausalLM.load(join(straight, 'model'))).fingerprint());
    expect(await weightsOf(folder)).toBe(weights);
    const [a, b] = [summaryOf(straight), summaryOf(folder)];
    expect(b.models).toEqual(a.models);
    expect(b.judge.calls).toBe(a.judge.calls);
    expect(b.steps.map(({ seconds: _, ...step }) => step)).toEqual(
      a.steps.map(({ seconds: _, ...step }) => step),
    );
  });

  it('killed between calls, while it trains or saves, it still ends the same', async () => {
    run = 'killed by clock';
    const folder = await smallRun(endpoint.url);
    // Ever later, so that it falls into loading, evaluation, training, checkpoints and SFT alike.
    for (const share of [0.1, 0.25, 0.4, 0.55, 0.7, 0.85]) {
      const { child, ended } = training(folder);
      const timer = setTimeout(() => child.kill('SIGKILL'), share * wholeMs);
      const { code } = await ended;
      clearTimeout(timer);
      if (code === 0) break;
      expect(code).toBeNull();
    }
    expect(await train(folder)).toMatchObject({ code: 0 });
    expect(await weightsOf(folder)).toBe(await weightsOf(straight));
    expect(summaryOf(folder).models['rft']).toEqual(summaryOf(straight).models['rft']);
  });

  it('an endpoint that is down is one clear message and exit code 1; the run resumes once it is back', async () => {
    const down = await startEndpoint();
    await down.goDown();
    const folder = await smallRun(down.url);
    const failed = await train(folder);
    expect(failed.code).toBe(1);
    expect(failed.err).toMatch(/error: [^\n]*transport[^\n]*127\.0\.0\.1/);
    expect(failed.err).not.toMatch(/\n\s+at /);
    await down.comeBack();
    expect(await train(folder)).toMatchObject({ code: 0 });
    await down.goDown();
  });

  it('an endpoint that refuses the key is one clear message, and the key is not in it', async () => {
    vi.stubEnv('TINY_JUDGE_KEY', 'secret-key-123');
    endpoint.provider.fate = () => ({ kind: 'error', status: 401, message: 'bad key secret-key-123' });
    const folder = await smallRun(
      endpoint.url,
      (config) => (config['judge']!['api_key_env'] = 'TINY_JUDGE_KEY'),
    );
    const failed = await train(folder);
    expect(failed.code).toBe(1);
    expect(failed.err).toMatch(/401[\s\S]*TINY_JUDGE_KEY/);
    expect(failed.err + failed.out).not.toContain('secret-key-123');
    endpoint.provider.fate = () => ({ kind: 'reply' });
    expect(await train(folder)).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, 'run.db')).includes('secret-key-123')).toBe(false);
  });
});
