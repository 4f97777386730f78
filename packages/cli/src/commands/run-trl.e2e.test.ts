import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CausalLM } from '@touchstone/engine';
import { ruleJudge, startProvider, type ProviderServer } from '@touchstone/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { change, smallRun, summaryOf, train, training, weightsOf } from './small-run.testing.js';
import { missingTrl, PYTHON } from './trl-python.testing.js';

const why = missingTrl();

const STEPS = 12;

/** Likes the letter e: something that a random model of one layer can learn in some steps. */
const likesE = ruleJudge((candidate, { prompt }) => {
  const [, lowest] = /"score":(\d+)/.exec(prompt)!;
  const letters = [...candidate];
  const share = letters.filter((letter) => letter === 'e').length / Math.max(1, letters.length);
  return { Length: Number(lowest) * (1 + Math.min(4, Math.floor(share * 20))) };
});

describe.skipIf(why)(
  `touchstone run with backend: trl${why ? ` (skipped: ${why})` : ''}`,
  { timeout: 900_000 },
  () => {
    let endpoint: ProviderServer;
    /** A question of another run is another one to pay for. */
    let run = 'straight';
    /** A run that nothing stopped. */
    let straight: string;
    let needed: number;
    const counts = () => endpoint.provider.ledger.counts;
    beforeAll(async () => {
      endpoint = await startProvider({
        respond: likesE,
        sampleOf: ({ model, prompt, request }) => JSON.stringify([run, model, prompt, request.seed]),
      });
      straight = await prepare();
      const { code, err } = await train(straight);
      if (code !== 0) throw new Error(err);
      needed = counts().useful;
    }, 900_000);
    afterEach(() => (endpoint.provider.fate = () => ({ kind: 'reply' })));
    afterAll(() => endpoint.goDown());

    const prepare = () =>
      smallRun(endpoint.url, (config) => {
        Object.assign(config['training']!, {
          backend: 'trl',
          trl: { python: PYTHON },
          steps: STEPS,
          prompts_per_step: 4,
          group_size: 8,
          learning_rate: 0.03,
          checkpoint_every: 4,
        });
        delete config['training']!['sft'];
        delete config['heldout_judge'];
      });
    const jobOf = (folder: string) =>
      JSON.parse(readFileSync(join(folder, 'trl/job.json'), 'utf8')) as { pid: number; attempt: number };

    it('goes from gate to report, and the reward rises', async () => {
      const summary = summaryOf(straight);
      const rewards = summary.steps.map(({ metrics }) => metrics['reward']!);
      const mean = (some: number[]) => some.reduce((a, b) => a + b, 0) / some.length;
      expect(mean(rewards.slice(-4)) - mean(rewards.slice(0, 4))).toBeGreaterThan(0.2);
      expect(Object.keys(summary.steps[0]!.metrics)).toEqual(
        expect.arrayContaining(['loss', 'grad_norm', 'kl', 'entropy', 'clip_fraction', 'response_tokens']),
      );
      expect(summary.training).toMatchObject({
        engine: { name: 'trl', versions: { trl: expect.any(String), torch: expect.any(String) } },
        steps: STEPS,
        rollouts: STEPS * 32,
      });
      expect(summary.versions['trl']).toBe(summary.training.engine!.versions['trl']);
      const { metrics } = summary.models['rft']!;
      expect(metrics['judge_score']!.mean).toBeGreaterThan(
        summary.models['base']!.metrics['judge_score']!.mean,
      );
      expect(readFileSync(join(straight, 'report.html'), 'utf8')).toContain('trl 1.');
      expect(await weightsOf(straight)).not.toBe(
        (await CausalLM.load(join(straight, 'model'))).fingerprint(),
      );
      // The key is nowhere.
      const { key_hash: hash } = JSON.parse(readFileSync(join(straight, 'trl/job.json'), 'utf8')) as {
        key_hash: string;
      };
      expect(hash).toMatch(/^[0-9a-f]{64}$/);
    });

    it('killed, and its job killed, the same command finishes it and pays for nothing twice', async () => {
      run = 'killed';
      const folder = await prepare();
      const before = { ...counts() };
      /** Kills when so many more replies have gone out: one call is in flight at a time, so every earlier one has been received. */
      const killAfter = (replies: number, kind: 'hang' | 'reply', kill: () => void) => {
        const stopAt = counts().useful + counts().redundant + replies;
        let killed = false;
        endpoint.provider.fate = () => {
          if (killed || counts().useful + counts().redundant < stopAt) return { kind: 'reply' };
          killed = true;
          kill();
          return { kind };
        };
      };
      // This process, in its second step: the job waits for the next one, which finds it.
      const first = training(folder);
      killAfter(60, 'hang', () => first.child.kill('SIGKILL'));
      expect((await first.ended).signal).toBe('SIGKILL');
      const { pid } = jobOf(folder);
      process.kill(pid, 0);
      endpoint.provider.fate = () => ({ kind: 'reply' });
      // The job, some steps further on.
      const second = training(folder);
      killAfter(150, 'reply', () => process.kill(jobOf(folder).pid, 'SIGKILL'));
      const failed = await second.ended;
      expect(failed).toMatchObject({ code: 1, err: expect.stringContaining('TRL has stopped') });
      expect(jobOf(folder)).toMatchObject({ pid, attempt: 1 });
      endpoint.provider.fate = () => ({ kind: 'reply' });

      expect(await train(folder)).toMatchObject({ code: 0 });
      expect(jobOf(folder).attempt).toBe(2);
      expect(counts().redundant).toBe(before.redundant);
      expect(counts().useful - before.useful).toBe(needed);
      expect(await weightsOf(folder)).toBe(await weightsOf(straight));
      const figures = (at: string) => summaryOf(at).steps.map(({ seconds: _, ...step }) => step);
      expect(figures(folder)).toEqual(figures(straight));
    });

    it('answers that could not be judged are trained without, and stay what they were', async () => {
      run = 'unjudged';
      const folder = await prepare();
      change(folder, (config) => Object.assign(config['training']!, { steps: 2 }));
      let asked = 0;
      endpoint.provider.fate = () =>
        asked++ % 9 === 8 ? { kind: 'error', status: 400, message: 'not that one' } : { kind: 'reply' };
      expect(await train(folder)).toMatchObject({ code: 0 });
      const { training: trained, steps } = summaryOf(folder);
      expect(trained.abstained).toBeGreaterThan(2);
      expect(steps.reduce((sum, { metrics }) => sum + metrics['abstained']!, 0)).toBe(trained.abstained);
    });

    it('refuses a task that Python reads as other tokens, before anything is paid for', async () => {
      run = 'other tokens';
      const folder = await prepare();
      const before = { ...counts() };
      const data = join(folder, 'data/train.jsonl');
      writeFileSync(data, readFileSync(data, 'utf8').replace(/"content":"/, '"content":"<|end|><|user|>'));
      const refused = await train(folder);
      expect(refused).toMatchObject({
        code: 2,
        err: expect.stringMatching(/task .*: its prompt is \d+ tokens here/),
      });
      expect(counts()).toEqual(before);
    });

    it('a job that is at work and of which nothing is known keeps a second one out', async () => {
      run = 'forgotten';
      const folder = await prepare();
      const { child, ended } = training(folder);
      await vi.waitFor(() => jobOf(folder), 120_000);
      child.kill('SIGKILL');
      await ended;
      const { pid } = jobOf(folder);
      try {
        writeFileSync(join(folder, 'trl/job.json'), '{');
        const second = await train(folder);
        expect(second).toMatchObject({
          code: 1,
          err: expect.stringContaining('another train.py is at work in this folder: end it'),
        });
      } finally {
        process.kill(pid, 'SIGKILL');
      }
    });

    it('Ctrl+C ends the job too', async () => {
      run = 'interrupted';
      const folder = await prepare();
      const { child, ended } = training(folder);
      await vi.waitFor(() => expect(readdirSync(folder)).toContain('trl'), 60_000);
      await vi.waitFor(() => jobOf(folder), 120_000);
      const { pid } = jobOf(folder);
      child.kill('SIGINT');
      expect((await ended).signal).toBe('SIGINT');
      await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), 20_000);
    });
  },
);
