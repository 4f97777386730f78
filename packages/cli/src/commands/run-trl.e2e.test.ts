import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CausalLM } from '@touchstone/engine';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { change, summaryOf, train, training, weightsOf } from './small-run.testing.js';
import { missingTrl } from './trl-python.testing.js';
import { figures, rise, runStraight, startTrlJudge, STEPS } from './trl-run.testing.js';

const why = missingTrl();

describe.skipIf(why)(
  `touchstone run with backend: trl${why ? ` (skipped: ${why})` : ''}`,
  { timeout: 900_000 },
  () => {
    let judge: Awaited<ReturnType<typeof startTrlJudge>>;
    /** A run that nothing stopped. */
    let straight: string;
    let needed: number;
    beforeAll(async () => {
      judge = await startTrlJudge();
      straight = await judge.prepare();
      needed = await runStraight(judge, straight);
    }, 900_000);
    afterEach(() => judge.answerAll());
    afterAll(() => judge.endpoint.goDown());

    const jobOf = (folder: string) =>
      JSON.parse(readFileSync(join(folder, 'trl/job.json'), 'utf8')) as { pid: number; attempt: number };

    it('goes from gate to report, and the reward rises', async () => {
      const summary = summaryOf(straight);
      expect(rise(straight)).toBeGreaterThan(0.2);
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
      judge.run.name = 'killed';
      const folder = await judge.prepare();
      const before = { ...judge.counts() };
      // This process, in its second step: the job waits for the next one, which finds it.
      const first = training(folder);
      judge.killAfter(60, 'hang', () => first.child.kill('SIGKILL'));
      expect((await first.ended).signal).toBe('SIGKILL');
      const { pid } = jobOf(folder);
      process.kill(pid, 0);
      judge.answerAll();
      // The job, some steps further on.
      const second = training(folder);
      judge.killAfter(150, 'reply', () => process.kill(jobOf(folder).pid, 'SIGKILL'));
      const failed = await second.ended;
      expect(failed).toMatchObject({ code: 1, err: expect.stringContaining('TRL has stopped') });
      expect(jobOf(folder)).toMatchObject({ pid, attempt: 1 });
      judge.answerAll();

      expect(await train(folder)).toMatchObject({ code: 0 });
      expect(jobOf(folder).attempt).toBe(2);
      expect(judge.counts().redundant).toBe(before.redundant);
      expect(judge.counts().useful - before.useful).toBe(needed);
      expect(await weightsOf(folder)).toBe(await weightsOf(straight));
      expect(figures(folder)).toEqual(figures(straight));
    });

    it('answers that could not be judged are trained without, and stay what they were', async () => {
      judge.run.name = 'unjudged';
      const folder = await judge.prepare();
      change(folder, (config) => Object.assign(config['training']!, { steps: 2 }));
      let asked = 0;
      judge.endpoint.provider.fate = () =>
        asked++ % 9 === 8 ? { kind: 'error', status: 400, message: 'not that one' } : { kind: 'reply' };
      expect(await train(folder)).toMatchObject({ code: 0 });
      const { training: trained, steps } = summaryOf(folder);
      expect(trained.abstained).toBeGreaterThan(2);
      expect(steps.reduce((sum, { metrics }) => sum + metrics['abstained']!, 0)).toBe(trained.abstained);
    });

    it('refuses a task that Python reads as other tokens, before anything is paid for', async () => {
      judge.run.name = 'other tokens';
      const folder = await judge.prepare();
      const before = { ...judge.counts() };
      const data = join(folder, 'data/train.jsonl');
      writeFileSync(data, readFileSync(data, 'utf8').replace(/"content":"/, '"content":"<|end|><|user|>'));
      const refused = await train(folder);
      expect(refused).toMatchObject({
        code: 2,
        err: expect.stringMatching(/task .*: its prompt is \d+ tokens here/),
      });
      expect(judge.counts()).toEqual(before);
    });

    it('a job that is at work and of which nothing is known keeps a second one out', async () => {
      judge.run.name = 'forgotten';
      const folder = await judge.prepare();
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
      judge.run.name = 'interrupted';
      const folder = await judge.prepare();
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
