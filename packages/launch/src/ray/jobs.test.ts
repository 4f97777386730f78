import { RunError } from '@touchstone/spec';
import { afterEach, describe, expect, it } from 'vitest';
import { isUnderWay, OutOfReachError, RayJobs } from './jobs.js';
import { REPLIES, startReplies, type RayReply } from './replies.testing.js';

const JOB = { id: 'ts-1', entrypoint: 'echo hi', env: { A: '1' } };

describe('the client of the Jobs API', () => {
  const open: { close(): void }[] = [];
  afterEach(() => open.splice(0).forEach((one) => one.close()));

  const slept: number[] = [];
  const clock = {
    now: () => 0,
    sleep: (ms: number) => Promise.resolve(void slept.push(ms)),
    after: () => () => {},
  };
  /** A cluster that answers these in turn, and the last one for ever. */
  const cluster = async (...replies: (RayReply | null)[]) => {
    slept.length = 0;
    const seen: { body: string; authorization: string | undefined }[] = [];
    let at = 0;
    const server = await startReplies((_, { body, headers }) => {
      seen.push({ body, authorization: headers.authorization });
      return replies[Math.min(at++, replies.length - 1)]!;
    });
    open.push(server);
    return { jobs: new RayJobs(`${server.url}/`, 'secret', clock), asked: server.asked, seen };
  };
  const page = (status: number, body: string) => ({ status, body });

  it('asks for the version, with the token', async () => {
    const { jobs, asked, seen } = await cluster(REPLIES.version);
    expect(await jobs.version()).toEqual({
      ray: '2.60.0',
      session: 'session_2026-11-27_13-50-49_098109_3162',
    });
    expect(asked).toEqual(['GET /api/version']);
    expect(seen[0]!.authorization).toBe('Bearer secret');
  });

  it('submits a job', async () => {
    const { jobs, asked, seen } = await cluster(REPLIES.submitted);
    await jobs.submit({ ...JOB, gpus: 2 });
    expect(asked).toEqual(['POST /api/jobs/']);
    expect(JSON.parse(seen[0]!.body)).toEqual({
      submission_id: 'ts-1',
      entrypoint: 'echo hi',
      runtime_env: { env_vars: { A: '1' } },
      entrypoint_num_gpus: 2,
    });
  });

  it('finds the job that was submitted before', async () => {
    const { entrypoint } = JSON.parse(REPLIES.running.body) as { entrypoint: string };
    const { jobs, asked } = await cluster(REPLIES.takenId, REPLIES.running);
    await jobs.submit({ ...JOB, entrypoint });
    expect(asked).toEqual(['POST /api/jobs/', 'GET /api/jobs/ts-1']);
  });

  it('finds it where the reply to the submission was lost', async () => {
    const { entrypoint } = JSON.parse(REPLIES.running.body) as { entrypoint: string };
    const { jobs } = await cluster(null, page(502, 'Bad Gateway'), REPLIES.takenId, REPLIES.running);
    await jobs.submit({ ...JOB, entrypoint });
    expect(slept).toEqual([500, 1000]);
  });

  it('refuses a job of another command under the same id', async () => {
    const { jobs } = await cluster(REPLIES.takenId, REPLIES.running);
    await expect(jobs.submit(JOB)).rejects.toThrow(
      /has another job under the id ts-1, which runs: .*a copy of another run/,
    );
  });

  it('gives up a submission after some tries, and at once where Ray says that it is wrong', async () => {
    const away = await cluster(null);
    await expect(away.jobs.submit(JOB)).rejects.toBeInstanceOf(OutOfReachError);
    expect(away.asked).toHaveLength(5);
    const busy = await cluster(...Array<RayReply>(20).fill(REPLIES.unknownJob));
    await expect(busy.jobs.submit(JOB)).rejects.toThrow(
      /does not say that it takes the job ts-1: HTTP 404, Job nope does not exist/,
    );
    const wrong = await cluster(REPLIES.unknownArgument);
    await expect(wrong.jobs.submit(JOB)).rejects.toThrow(
      /HTTP 400, TypeError: .*unexpected keyword argument 'unknown'/,
    );
    expect(wrong.asked).toHaveLength(1);
    await expect(wrong.jobs.submit({ ...JOB, id: 'a/b' })).rejects.toThrow(TypeError);
  });

  it.each([
    ['waiting', 'PENDING', true],
    ['waitsForGpu', 'PENDING', true],
    ['running', 'RUNNING', true],
    ['stopped', 'STOPPED', false],
    ['failed', 'FAILED', false],
    ['noFolder', 'FAILED', false],
    ['noRuntime', 'FAILED', false],
  ] as const)('says that a job is %s', async (reply, status, underWay) => {
    const { jobs } = await cluster(REPLIES[reply]);
    const found = await jobs.find('ts-1');
    expect(found).toMatchObject({ status });
    expect(isUnderWay(found!)).toBe(underWay);
  });

  it('knows no job that Ray does not know, and takes no other page for that', async () => {
    expect(await (await cluster(REPLIES.unknownJob)).jobs.find('nope')).toBeNull();
    const other = await cluster(REPLIES.noPage);
    await expect(other.jobs.find('nope')).rejects.toThrow(/HTTP 404, 404: Not Found/);
  });

  it('refuses a status that it does not know, and what is not JSON', async () => {
    const { jobs } = await cluster(
      page(200, REPLIES.running.body.replace('RUNNING', 'SLEEPING')),
      page(200, '<!DOCTYPE html>\n<html>Sign in</html>'),
      page(302, ''),
    );
    await expect(jobs.find('ts-1')).rejects.toThrow(
      /says of the job ts-1 what is not known here \(status: .*SLEEPING.*written for Ray 2\.60\.0/,
    );
    await expect(jobs.find('ts-1')).rejects.toThrow(/is not the Ray dashboard: expected JSON/);
    await expect(jobs.find('ts-1')).rejects.toThrow(/HTTP 302, nothing/);
  });

  it('tells a cluster that is out of reach for a while from one that refuses', async () => {
    for (const passing of [
      null,
      page(503, 'Service Unavailable'),
      page(500, 'Traceback\nGcsTimeout: no\n'),
    ]) {
      await expect((await cluster(passing)).jobs.find('ts-1')).rejects.toBeInstanceOf(OutOfReachError);
    }
    await expect(new RayJobs('http://127.0.0.1:9').find('x')).rejects.toThrow(
      /dashboard at http:\/\/127\.0\.0\.1:9 is out of reach \(ECONNREFUSED\): look whether/,
    );
    const wrong = await cluster(REPLIES.wrongToken);
    const refused = wrong.jobs.find('x');
    await expect(refused).rejects.toThrow(/does not take the token in RAY_AUTH_TOKEN \(Forbidden/);
    await expect(refused).rejects.not.toBeInstanceOf(OutOfReachError);
    const none = await cluster(REPLIES.noToken);
    const jobs = new RayJobs(none.jobs.address, '');
    await expect(jobs.find('x')).rejects.toThrow(/wants a token .*: set RAY_AUTH_TOKEN/);
    expect(none.seen[0]!.authorization).toBeUndefined();
    await expect(jobs.find('x')).rejects.toBeInstanceOf(RunError);
  });

  it('stops a job, one that has ended, and none', async () => {
    const { jobs, asked } = await cluster(REPLIES.stops, REPLIES.stopsNothing, REPLIES.unknownJob);
    for (let i = 0; i < 3; i++) await jobs.stop('ts-1');
    expect(asked).toEqual(Array(3).fill('POST /api/jobs/ts-1/stop'));
  });

  it('reads the end of a log', async () => {
    const { jobs } = await cluster(REPLIES.logs);
    expect(await jobs.logs('ts-1', 11)).toBe('/home/user\n');
  });
});
