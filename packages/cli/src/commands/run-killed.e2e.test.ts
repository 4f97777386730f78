import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openLocalModel } from '@touchstone/engine';
import type { LanguageModel } from '@touchstone/spec';
import { startProvider, type ProviderServer } from '@touchstone/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  running,
  smallRun,
  summaryOf,
  train,
  trainArguments,
  weightsOf,
} from './small-quickstart.testing.js';

const JUDGE = fileURLToPath(new URL('../../../../examples/quickstart/models/judge', import.meta.url));

let judgeModel: LanguageModel;
beforeAll(async () => {
  judgeModel = await openLocalModel(JUDGE);
});

describe('with a judge behind HTTP', () => {
  let endpoint: ProviderServer;
  /** Whole replies that went out, first ones and others. */
  const answered = (): number => {
    const { useful, redundant } = endpoint.provider.ledger.counts;
    return useful + redundant;
  };
  /** A question of another run is another one to pay for. */
  let run = 'first';
  const startEndpoint = () =>
    startProvider({
      respond: ({ request }) => judgeModel.generate(request),
      sampleOf: ({ prompt }) => `${run}: ${prompt}`,
    });
  beforeAll(async () => {
    endpoint = await startEndpoint();
  });
  afterAll(() => endpoint.goDown());

  it('killed at any stage and run again, it ends the same and pays for nothing twice', async () => {
    const judge = { base_url: endpoint.url, structured_output: 'prompt' };
    const straight = await smallRun('straight', { judge });
    expect(await running(...trainArguments(straight)).ended).toMatchObject({ code: 0 });
    const needed = answered();
    run = 'second';
    const weights = await weightsOf(straight);

    const folder = await smallRun('killed', { judge });
    // One call is in flight at a time: when a request arrives, every earlier reply has been received. It is killed at
    // that moment, a few calls further on each time, so that every stage is cut off somewhere.
    const stages = new Set<string>();
    for (let kills = 0; ; kills++) {
      const stopAt = answered() + 6;
      const { child, ended } = running(...trainArguments(folder));
      endpoint.provider.fate = () => {
        if (answered() < stopAt) return { kind: 'reply' };
        child.kill('SIGKILL');
        return { kind: 'hang' };
      };
      const { code, signal, err } = await ended;
      stages.add(err.trimEnd().split('\n').at(-1)?.split(':')[0] ?? '');
      if (code === 0) {
        expect(kills).toBeGreaterThan(3);
        break;
      }
      expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' });
    }

    expect(endpoint.provider.ledger.counts.redundant).toBe(0);
    expect(answered()).toBe(2 * needed);
    expect(await weightsOf(folder)).toBe(weights);
    const [a, b] = [summaryOf(straight), summaryOf(folder)];
    expect(b.models).toEqual(a.models);
    expect(b.judge.calls).toBe(a.judge.calls);
    expect(b.steps.map(({ seconds: _, ...step }) => step)).toEqual(
      a.steps.map(({ seconds: _, ...step }) => step),
    );
  });

  it('killed between calls, while it trains or saves, it still ends the same', async () => {
    const folder = await smallRun('killed-by-clock');
    const straight = await smallRun('straight-by-clock');
    const begun = performance.now();
    expect(train(straight).status).toBe(0);
    const whole = performance.now() - begun;
    // Ever later, so that it falls into loading, evaluation, training, checkpoints and SFT alike.
    for (const share of [0.1, 0.25, 0.4, 0.55, 0.7, 0.85]) {
      const { child, ended } = running(...trainArguments(folder));
      const timer = setTimeout(() => child.kill('SIGKILL'), share * whole);
      const { code } = await ended;
      clearTimeout(timer);
      if (code === 0) break;
      expect(code).toBeNull();
    }
    expect(train(folder).status).toBe(0);
    expect(await weightsOf(folder)).toBe(await weightsOf(straight));
    expect(summaryOf(folder).models['rft']).toEqual(summaryOf(straight).models['rft']);
  });

  it('an endpoint that is down is one clear message and exit code 1; the run resumes once it is back', async () => {
    const down = await startEndpoint();
    await down.goDown();
    const folder = await smallRun('down', { judge: { base_url: down.url, structured_output: 'prompt' } });
    const failed = await running(...trainArguments(folder)).ended;
    expect(failed.code).toBe(1);
    expect(failed.err).toMatch(/error: [^\n]*transport[^\n]*127\.0\.0\.1/);
    expect(failed.err).not.toMatch(/\n\s+at /);
    await down.comeBack();
    expect((await running(...trainArguments(folder)).ended).code).toBe(0);
    await down.goDown();
  });

  it('an endpoint that refuses the key is one clear message, and the key is not in it', async () => {
    process.env['TINY_JUDGE_KEY'] = 'secret-key-123';
    endpoint.provider.fate = () => ({ kind: 'error', status: 401, message: 'bad key secret-key-123' });
    const folder = await smallRun('refused', {
      judge: { base_url: endpoint.url, api_key_env: 'TINY_JUDGE_KEY' },
    });
    const failed = await running(...trainArguments(folder)).ended;
    expect(failed.code).toBe(1);
    expect(failed.err).toMatch(/401[\s\S]*TINY_JUDGE_KEY/);
    expect(failed.err + failed.out).not.toContain('secret-key-123');
    endpoint.provider.fate = () => ({ kind: 'reply' });
    expect((await running(...trainArguments(folder)).ended).code).toBe(0);
    expect(readFileSync(join(folder, 'run.db')).includes('secret-key-123')).toBe(false);
  });
});
