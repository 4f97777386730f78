import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TrainingJob } from '@touchstone/run';
import { afterEach, describe, expect, it } from 'vitest';
import { REPLIES, startReplies, type RayReply } from '../ray/replies.testing.js';
import { readJob, type JobRecord } from './record.js';
import { findWorker, rewardPlaceOf, startsKnown, startWorker } from './site.js';

const START = { run: 'r', attempt: 2, host: '127.0.0.1', port: 4000, key_hash: 'a'.repeat(64) };

describe('the site of a worker', () => {
  const open: { close(): void }[] = [];
  afterEach(() => open.splice(0).forEach((one) => one.close()));

  const cluster = async (reply: (asked: string) => RayReply | null) => {
    const server = await startReplies(reply);
    open.push(server);
    return server;
  };
  const jobOn = (address: string) =>
    ({
      folder: mkdtempSync(join(tmpdir(), 'touchstone-site-')),
      run: 'r',
      alarm: () => {},
      workspace: { config: { training: { ray: { address } } } },
    }) as unknown as TrainingJob;
  const recordOf = (address: string): JobRecord => ({
    version: 1,
    ...START,
    ray: { address, submission_id: 'touchstone-r-2' },
  });

  const atWorkIn = (folder: string): RayReply => ({
    status: 200,
    body: JSON.stringify({
      ...(JSON.parse(REPLIES.running.body) as object),
      entrypoint: `cd ${folder} && exec python3 train.py >> log-2.txt 2>&1`,
    }),
  });

  it('is a cluster, and a job is written down before it is sent', async () => {
    let written: Promise<JobRecord | null> | undefined;
    const { url } = await cluster(() => {
      written ??= readJob(job.folder, 'r');
      return { status: 200, body: REPLIES.submitted.body.replaceAll('ts-1', 'touchstone-r-2') };
    });
    const job = jobOn(url);
    const command = { folder: job.folder, program: 'python3', args: ['train.py'], env: {}, log: 'log-2.txt' };
    const worker = await startWorker(job, START, command);
    expect(worker.name).toBe('Ray job touchstone-r-2');
    expect(await written).toEqual(recordOf(url));
  });

  it('finds a job that is at work, under a new address of its cluster too', async () => {
    let folder = '';
    const { url } = await cluster(() => atWorkIn(folder));
    const job = jobOn(url);
    ({ folder } = job);
    for (const address of [url, 'http://old:8265']) {
      const found = await findWorker(job, recordOf(address));
      expect(found).toMatchObject({ place: { host: '127.0.0.1' } });
    }
  });

  it('is not that of the folder that this one is a copy of', async () => {
    const { url } = await cluster(() => atWorkIn('/the/first'));
    await expect(findWorker(jobOn(url), recordOf(url))).rejects.toThrow(
      /touchstone-r-2 on the Ray cluster .* does not work in .* but runs: cd \/the\/first && .* copy of another run/,
    );
  });

  it('is not begun anew while a job is at work of which nothing is written down', async () => {
    let reply: RayReply = REPLIES.running;
    const { url } = await cluster(() => reply);
    await expect(startsKnown(jobOn(url), 2)).rejects.toThrow(
      /touchstone-r-2 of this run is at work .*job\.json, .* is missing or damaged: .*ray job stop touchstone-r-2/,
    );
    reply = REPLIES.unknownJob;
    expect([await startsKnown(jobOn(url), 0), await startsKnown(jobOn(url), 4)]).toEqual([0, 4]);
  });

  it('does not take a job that has ended for the one that is to begin, after its folder was deleted', async () => {
    const { url } = await cluster((path) => (/-r-[12]$/.test(path) ? REPLIES.failed : REPLIES.unknownJob));
    expect(await startsKnown(jobOn(url), 0)).toBe(2);
  });

  it('finds none where the job has ended, or its cluster has forgotten it', async () => {
    for (const reply of [REPLIES.failed, REPLIES.stopped, REPLIES.unknownJob]) {
      const { url } = await cluster(() => reply);
      expect(await findWorker(jobOn(url), recordOf(url))).toBeNull();
    }
  });

  it('does not take another cluster for one that has forgotten the job', async () => {
    const { url } = await cluster(() => REPLIES.unknownJob);
    await expect(findWorker(jobOn(url), recordOf('http://old:8265'))).rejects.toThrow(
      /started on the Ray cluster at http:\/\/old:8265, and the one at .* does not know it: see there/,
    );
  });

  it('starts none while nobody can say whether one is at work', async () => {
    const { url } = await cluster(() => null);
    await expect(findWorker(jobOn(url), recordOf(url))).rejects.toThrow(/out of reach/);
  });

  it('is asked for rewards on loopback, or as the configuration says', async () => {
    expect(await rewardPlaceOf(undefined)).toEqual({ bind: '127.0.0.1', host: '127.0.0.1' });
    const named = { address: 'http://127.0.0.1:9', reward_host: 'me.example' };
    expect(await rewardPlaceOf(named)).toEqual({ bind: '0.0.0.0', host: 'me.example' });
    expect(await rewardPlaceOf({ ...named, reward_host: 'fd00::1' })).toEqual({
      bind: '::',
      host: 'fd00::1',
    });
  });
});
