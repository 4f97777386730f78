import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@touchstone/core';
import { failed, ok, warning, type Finding } from '@touchstone/run';
import { RunError } from '@touchstone/spec';
import { lastLines, type Command } from '../workers/worker.js';
import { isUnderWay, RAY, RayJobs, type RayJobState, type RayOptions } from './jobs.js';
import { rayJobOf } from './worker.js';

const LOOK_MS = 1000;
/** Files of another machine may be seen so much later here. */
const LATE_FILES_MS = 10_000;

/** What a command has printed where the trainer will run. */
export interface Ran {
  out: string;
  err: string;
  hasFailed: boolean;
}

/**
 * Runs a command as a job of the cluster and waits for its end: whether the cluster is there, sees the folder of the run and writes
 * into it, and has room.
 *
 * @param limitMs it may take so long.
 * @returns what was found, and what the command has printed; null where it was not run.
 */
export async function probeRay(
  ray: RayOptions,
  command: Command,
  limitMs: number,
): Promise<{ findings: Finding[]; ran: Ran | null }> {
  const jobs = new RayJobs(ray.address);
  const findings: Finding[] = [];
  const token = randomBytes(8).toString('hex');
  const file = (end: string): string => `probe-${token}.${end}`;
  const id = `touchstone-probe-${token}`;
  const own = (end: string): Promise<string> =>
    readFile(join(command.folder, file(end)), 'utf8').catch(() => '');
  try {
    const { ray: version } = await jobs.version();
    findings.push(
      version === RAY
        ? ok('Ray', `${version} at ${ray.address}`)
        : warning('Ray', `${version} at ${ray.address}; tried with ${RAY}`),
    );
    await writeFile(join(command.folder, file('in')), token);
    // Copied first: whatever becomes of the command, it says that the folder is there.
    const script = `cp ${file('in')} ${file('seen')} && exec "$@" > ${file('out')} 2> ${file('err')}`;
    const args = ['-c', script, 'sh', command.program, ...command.args];
    await jobs.submit(rayJobOf(id, { ...command, program: 'sh', args, log: file('log') }, ray));
    const end = await endOf(jobs, id, limitMs);
    if (isUnderWay(end)) {
      await jobs.stop(id);
      return { findings: [...findings, failed('Ray: room', notInTime(end, limitMs))], ran: null };
    }
    let seen = '';
    for (let left = LATE_FILES_MS; seen !== token && left > 0; left -= LOOK_MS) {
      seen = await own('seen');
      if (seen !== token) await systemClock.sleep(LOOK_MS);
    }
    if (seen !== token) return { findings: [...findings, unseen(command.folder, end)], ran: null };
    findings.push(ok('Ray: folder', `${command.folder} is seen there, and written`));
    return {
      findings,
      ran: { out: await own('out'), err: await own('err'), hasFailed: end.status !== 'SUCCEEDED' },
    };
  } catch (error) {
    if (!RunError.is(error)) throw error;
    return { findings: [...findings, failed('Ray', error.message)], ran: null };
  } finally {
    for (const one of ['in', 'seen', 'out', 'err', 'log'])
      await rm(join(command.folder, file(one)), { force: true });
  }
}

async function endOf(jobs: RayJobs, id: string, limitMs: number): Promise<RayJobState> {
  const until = systemClock.now() + limitMs;
  for (;;) {
    const state = await jobs.find(id);
    if (!state)
      throw new RunError(`Ray at ${jobs.address} has lost the job ${id}: was its head started again?`);
    if (!isUnderWay(state) || systemClock.now() > until) return state;
    await systemClock.sleep(LOOK_MS);
  }
}

const notInTime = ({ status, message }: RayJobState, limitMs: number): string =>
  status === 'PENDING'
    ? `the cluster has started no job within ${limitMs / 60_000} minutes: ${message ?? ''} Look at ray status on its head: ` +
      'wait until there is room, or ask for less (training.ray.entrypoint_num_cpus, entrypoint_num_gpus)'
    : `the check has not ended within ${limitMs / 60_000} minutes there`;

function unseen(folder: string, { message, status }: RayJobState): Finding {
  const said = lastLines(message ?? '');
  return failed(
    'Ray: folder',
    `the cluster does not see ${folder}, or may not write there (Ray says ${status}: ${said}): choose a folder with output, or --out, ` +
      'on a file system that this machine and those of the cluster share under one path',
  );
}
