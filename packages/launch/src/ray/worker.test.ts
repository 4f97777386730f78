import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { addressTowards } from './host.js';
import { RayJobs } from './jobs.js';
import { REPLIES, startReplies, type RayReply } from './replies.testing.js';
import { quoted, rayJobOf, workerOnRay } from './worker.js';

/** A clock whose sleeps pass at once. */
function quick() {
  let now = 0;
  return {
    now: () => now,
    pass: (ms: number) => void (now += ms),
    sleep: (ms: number) => Promise.resolve(void (now += ms)),
    after: () => () => {},
  };
}

describe('a Ray job as a worker', () => {
  const open: { close(): void }[] = [];
  afterEach(() => open.splice(0).forEach((one) => one.close()));

  /** A worker of a cluster that answers `said.reply` to questions about the job. */
  async function workerOf(reply: RayReply | null) {
    const said = { reply };
    const server = await startReplies((asked) => (asked.endsWith('/stop') ? REPLIES.stops : said.reply));
    open.push(server);
    const clock = quick();
    const alarms: string[] = [];
    const log = join(mkdtempSync(join(tmpdir(), 'touchstone-ray-')), 'log-1.txt');
    const jobs = new RayJobs(server.url, '', clock);
    const worker = workerOnRay(jobs, 'ts-1', log, (text) => alarms.push(text), clock);
    return { worker, said, clock, alarms, log, asked: server.asked };
  }

  it('is alive while Ray says so, and Ray is not asked at each look', async () => {
    const { worker, said, clock, asked } = await workerOf(REPLIES.running);
    for (let i = 0; i < 9; i++) expect(await worker.isAlive()).toBe(true);
    expect(asked).toHaveLength(1);
    said.reply = REPLIES.stopped;
    clock.pass(2000);
    expect(await worker.isAlive()).toBe(false);
    clock.pass(2000);
    expect(await worker.isAlive()).toBe(false);
    expect(asked).toHaveLength(2);
  });

  it('says what Ray says of its end, and what it wrote', async () => {
    const { worker, log } = await workerOf(REPLIES.noFolder);
    expect(await worker.isAlive()).toBe(false);
    expect(await worker.lastWords()).toMatch(
      /^Ray says FAILED of the job ts-1: .*exit code 2.*can't cd to \/nowhere/,
    );
    writeFileSync(log, 'one\ntwo\n');
    expect(await worker.lastWords()).toMatch(/; the last that it wrote: one \/ two$/);
  });

  it('has ended where the cluster has forgotten it', async () => {
    const { worker } = await workerOf(REPLIES.unknownJob);
    expect(await worker.isAlive()).toBe(false);
    expect(await worker.lastWords()).toMatch(/knows no job ts-1 any more: its head was started again/);
  });

  it('is not lost with the connection; that is told once, and given up after an hour', async () => {
    const { worker, said, clock, alarms } = await workerOf(REPLIES.running);
    expect(await worker.isAlive()).toBe(true);
    said.reply = null;
    const silent = async (minutes: number): Promise<boolean> => {
      clock.pass(minutes * 60_000);
      return worker.isAlive();
    };
    expect(await silent(0.5)).toBe(true);
    expect(alarms).toEqual([]);
    for (let i = 0; i < 10; i++) expect(await silent(5)).toBe(true);
    expect(alarms).toEqual([expect.stringMatching(/is out of reach .*Ray job ts-1 is taken to be at work/)]);
    said.reply = REPLIES.running;
    expect(await silent(1)).toBe(true);
    said.reply = null;
    expect(await silent(2)).toBe(true);
    expect(alarms).toHaveLength(2);
    await expect(silent(60)).rejects.toThrow(/nothing is known of the Ray job ts-1 for 62 minutes/);
  });

  it('tells once that it waits for room, and for what', async () => {
    const { worker, clock, alarms } = await workerOf(REPLIES.waitsForGpu);
    for (let i = 0; i < 5; i++, clock.pass(40_000)) expect(await worker.isAlive()).toBe(true);
    expect(alarms).toEqual([
      expect.stringMatching(/waits: Job has not started yet\. It may be waiting for resources/),
    ]);
  });

  it('is asked to end, and waited for', async () => {
    const { worker, asked, alarms } = await workerOf(REPLIES.stopped);
    await worker.end(0);
    expect(asked).toEqual(['POST /api/jobs/ts-1/stop', 'GET /api/jobs/ts-1']);
    const stubborn = await workerOf(REPLIES.running);
    await stubborn.worker.end(10_000);
    expect(stubborn.asked.filter((one) => one.startsWith('POST'))).toHaveLength(1);
    expect(stubborn.alarms).toEqual([expect.stringMatching(/has not: ray job stop ts-1 --address http/)]);
    const waiting = await workerOf(REPLIES.waitsForGpu);
    await waiting.worker.end(0);
    expect([...alarms, ...waiting.alarms]).toEqual([]);
  });

  it('that cannot be ended is told of', async () => {
    const { worker, alarms } = await workerOf(REPLIES.running);
    open.splice(0).forEach((one) => one.close());
    await worker.end(0);
    expect(alarms).toEqual([expect.stringMatching(/could not be ended .*to end it: ray job stop ts-1/)]);
  });

  it('runs its command in its folder, whatever they are called', () => {
    const folder = mkdtempSync(join(tmpdir(), "touchstone it's $HOME "));
    const command = { folder, program: 'printf', args: ['%s|', "it's", '$HOME', ''], env: {}, log: 'a log' };
    const { entrypoint } = rayJobOf('ts-1', command, {});
    expect(entrypoint).toContain('unset OMP_NUM_THREADS');
    execFileSync('sh', ['-c', entrypoint]);
    expect(readFileSync(join(folder, 'a log'), 'utf8')).toBe("it's|$HOME||");
    expect(rayJobOf('ts-1', command, { entrypoint_num_cpus: 4 })).toMatchObject({
      cpus: 4,
      entrypoint: expect.not.stringContaining('OMP_NUM_THREADS') as string,
    });
    expect(quoted('/a/b-1.py')).toBe('/a/b-1.py');
  });
});

describe('the address towards a cluster', () => {
  it('is loopback where the cluster is, and else an error says what to do', async () => {
    const server = await startReplies(() => REPLIES.version);
    expect(await addressTowards(server.url)).toBe('127.0.0.1');
    server.close();
    await expect(addressTowards(server.url)).rejects.toThrow(/out of reach \(ECONNREFUSED\): look whether/);
  });
});
