import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { missingRay, startRay, type RayCluster } from './ray-cluster.testing.js';
import { change, running, summaryOf, train, training, weightsOf } from './small-run.testing.js';
import { figures, rise, runStraight, startTrlJudge, STEPS } from './trl-run.testing.js';

const why = missingRay();

describe.skipIf(why)(
  `touchstone run with backend: trl on Ray${why ? ` (skipped: ${why})` : ''}`,
  { timeout: 900_000 },
  () => {
    let judge: Awaited<ReturnType<typeof startTrlJudge>>;
    let cluster: RayCluster;
    /** A run that nothing stopped. */
    let straight: string;
    let needed: number;
    beforeAll(async () => {
      [judge, cluster] = await Promise.all([startTrlJudge(), startRay()]);
      vi.stubEnv('RAY_AUTH_TOKEN', cluster.token);
      straight = await prepare();
      needed = await runStraight(judge, straight);
    }, 900_000);
    afterEach(() => judge.answerAll());
    afterAll(async () => {
      await cluster?.stop();
      await judge?.endpoint.goDown();
      vi.unstubAllEnvs();
    }, 60_000);

    const prepare = () => judge.prepare({ ray: { address: cluster.address } });
    const jobOf = (folder: string) => {
      const text = readFileSync(join(folder, 'trl/job.json'), 'utf8');
      return JSON.parse(text) as { attempt: number; ray: { submission_id: string } };
    };
    const statusOf = async (folder: string): Promise<string> => {
      const { submission_id: id } = jobOf(folder).ray;
      return ((await cluster.ask('GET', `/api/jobs/${id}`)) as { status: string }).status;
    };
    /** The processes that work in a folder. */
    const pidsIn = (folder: string): number[] =>
      readdirSync('/proc')
        .map(Number)
        .filter((pid) => {
          try {
            return readlinkSync(`/proc/${pid}/cwd`) === join(folder, 'trl');
          } catch {
            return false;
          }
        });

    it('goes from gate to report as a job of the cluster, and the reward rises', async () => {
      expect(rise(straight)).toBeGreaterThan(0.2);
      expect(summaryOf(straight).training).toMatchObject({ engine: { name: 'trl' }, steps: STEPS });
      expect(jobOf(straight)).toMatchObject({ attempt: 1, ray: { address: cluster.address } });
      expect(await statusOf(straight)).toBe('SUCCEEDED');
      expect(readdirSync(join(straight, 'trl')).filter((name) => name.startsWith('probe-'))).toEqual([]);
    });

    it('killed, and its job killed, the same command finishes it and pays for nothing twice', async () => {
      judge.run.name = 'killed';
      const folder = await prepare();
      const before = { ...judge.counts() };
      // This command, in its second step: the job waits for the next one, which finds it.
      const first = training(folder);
      judge.killAfter(60, 'hang', () => first.child.kill('SIGKILL'));
      expect((await first.ended).signal).toBe('SIGKILL');
      expect(await statusOf(folder)).toBe('RUNNING');
      judge.answerAll();
      // The job, some steps further on.
      const second = training(folder);
      judge.killAfter(150, 'reply', () => pidsIn(folder).forEach((pid) => process.kill(pid, 'SIGKILL')));
      expect(await second.ended).toMatchObject({
        code: 1,
        err: expect.stringMatching(
          /TRL has stopped: it ended without a word; Ray says FAILED of the job touchstone-/,
        ),
      });
      expect(jobOf(folder).attempt).toBe(1);
      judge.answerAll();

      expect(await train(folder)).toMatchObject({ code: 0 });
      expect(jobOf(folder).attempt).toBe(2);
      expect(judge.counts().redundant).toBe(before.redundant);
      expect(judge.counts().useful - before.useful).toBe(needed);
      expect(await weightsOf(folder)).toBe(await weightsOf(straight));
      expect(figures(folder)).toEqual(figures(straight));
    });

    it.each([
      ['being sent', 'job.json'],
      ['at work', 'journal-1.jsonl'],
    ])('Ctrl+C ends a job that is %s', async (name, file) => {
      judge.run.name = name;
      const folder = await prepare();
      const { child, ended } = training(folder);
      await vi.waitFor(() => expect(readdirSync(join(folder, 'trl'))).toContain(file), {
        timeout: 240_000,
        interval: 100,
      });
      child.kill('SIGINT');
      expect((await ended).signal).toBe('SIGINT');
      await vi.waitFor(async () => expect(await statusOf(folder)).toBe('STOPPED'), { timeout: 60_000 });
      expect(pidsIn(folder)).toEqual([]);
    });

    it('doctor says what there is, and what to do where the cluster cannot be asked', async () => {
      judge.run.name = 'doctor';
      const folder = await prepare();
      const host = Object.values(networkInterfaces())
        .flat()
        .find((one) => one?.family === 'IPv4' && !one.internal)?.address;
      const rewardHost = (name: string) =>
        change(folder, ({ training: options }) =>
          Object.assign(options!['ray'] as object, { reward_host: name }),
        );
      rewardHost(host ?? '127.0.0.1');
      const { out } = await running('doctor', folder).ended;
      for (const line of [
        /Ray +.*2\.\d+\.\d+ at http/,
        /Ray: folder .*seen there, and written/,
        /answers, there and back/,
      ]) {
        expect(out).toMatch(line);
      }
      rewardHost('nowhere.invalid');
      expect((await running('doctor', folder).ended).out).toMatch(
        /TRL: rewards .*no reward within 30 s .*set training\.ray\.reward_host/,
      );
      vi.stubEnv('RAY_AUTH_TOKEN', 'x'.repeat(32));
      expect(await train(folder)).toMatchObject({
        code: 2,
        err: expect.stringMatching(/Ray: the Ray cluster at .* does not take the token in RAY_AUTH_TOKEN/),
      });
      vi.stubEnv('RAY_AUTH_TOKEN', cluster.token);
      expect(readdirSync(folder).filter((name) => name.startsWith('touchstone-doctor-'))).toEqual([]);
    });
  },
);
