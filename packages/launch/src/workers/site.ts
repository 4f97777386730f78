import { join } from 'node:path';
import { shorten } from '@touchstone/core';
import type { TrainingJob } from '@touchstone/run';
import { RunError } from '@touchstone/spec';
import { addressTowards } from '../ray/host.js';
import { isUnderWay, RayJobs, type RayOptions } from '../ray/jobs.js';
import { rayJobOf, worksIn, workerOnRay } from '../ray/worker.js';
import { LOOPBACK, type RewardPlace } from '../reward-server.js';
import { startHere, workerHere } from './local.js';
import { writeJob, type JobRecord, type Start } from './record.js';
import { logFile, type Command, type Worker } from './worker.js';

/*
 * Where the worker of a run is: a process of this machine, or a job of the Ray cluster that the configuration names.
 */

type Job = Pick<TrainingJob, 'folder' | 'run' | 'workspace' | 'alarm'>;

const rayOf = ({ workspace }: Pick<TrainingJob, 'workspace'>): RayOptions | undefined =>
  workspace.config.training.ray;

const idOf = ({ run }: Pick<Job, 'run'>, attempt: number): string => `touchstone-${run}-${attempt}`;

/** Where the reward server is to listen for a worker. @throws {RunError} the cluster is out of reach. */
export async function rewardPlaceOf(ray: RayOptions | undefined): Promise<RewardPlace> {
  if (!ray) return LOOPBACK;
  const { reward_host: host } = ray;
  if (host !== undefined) return { bind: host.includes(':') ? '::' : '0.0.0.0', host };
  const own = await addressTowards(ray.address);
  return { bind: own, host: own };
}

/** Starts a worker, of which `job.json` then knows. @throws {RunError} it cannot be started. */
export async function startWorker(job: Job, start: Start, command: Command): Promise<Worker> {
  const keep = (
    where: { pid: number; started: string } | { ray: { address: string; submission_id: string } },
  ) => writeJob(job.folder, { version: 1, ...start, ...where });
  const ray = rayOf(job);
  if (!ray) return startHere(command, keep);
  const jobs = new RayJobs(ray.address);
  const id = idOf(job, start.attempt);
  // Before it is sent: a command that is killed meanwhile is followed by one that finds it.
  await keep({ ray: { address: ray.address, submission_id: id } });
  await jobs.submit(rayJobOf(id, command, ray));
  return workerOnRay(jobs, id, join(command.folder, command.log), job.alarm);
}

/**
 * The worker that was started last, and where it asks for rewards; null: it has ended. It may be elsewhere than the configuration
 * now says.
 *
 * @throws {RunError} nobody can say whether it has.
 */
export async function findWorker(
  job: Job,
  record: JobRecord,
): Promise<{ worker: Worker; place: RewardPlace } | null> {
  const log = join(job.folder, logFile(record.attempt));
  if ('pid' in record) {
    const worker = workerHere(record, log);
    return (await worker.isAlive()) ? { worker, place: LOOPBACK } : null;
  }
  const { address, submission_id: id } = record.ray;
  // A cluster may have another address by now: what it says of a job that it has holds under each.
  const ray = rayOf(job) ?? { address };
  const jobs = new RayJobs(ray.address);
  const known = await jobs.find(id);
  if (!known && ray.address !== address) {
    throw new RunError(
      `the job ${id} of this run was started on the Ray cluster at ${address}, and the one at ${ray.address} does not know it: ` +
        `see there that it has ended (ray job status ${id} --address ${address}), delete ${join(job.folder, 'job.json')}, and run the same command again`,
    );
  }
  if (known && isUnderWay(known) && !worksIn(known, job.folder)) {
    throw new RunError(
      `the job ${id} on the Ray cluster at ${ray.address} does not work in ${job.folder}, but runs: ${shorten(known.entrypoint, 200)}. ` +
        'Is this folder a copy of another run, which trains there? Then choose another folder with --out.',
    );
  }
  const worker = workerOnRay(jobs, id, log, job.alarm);
  return (await worker.isAlive()) ? { worker, place: await rewardPlaceOf(ray) } : null;
}

/**
 * Looks, where nothing is written down of a worker, what its cluster knows: a job that is sent under the id of one that has ended is
 * taken for that one.
 *
 * @param made how often one was started at least.
 * @returns how often one was started.
 * @throws {RunError} one is at work: where it asks for rewards, nobody knows any more.
 */
export async function startsKnown(job: Job, made: number): Promise<number> {
  const ray = rayOf(job);
  // Of this machine's processes each keeps the next one out by its own lock.
  if (!ray) return made;
  const jobs = new RayJobs(ray.address);
  let last = made;
  for (let attempt = Math.max(1, made); ; attempt++) {
    const id = idOf(job, attempt);
    const known = await jobs.find(id);
    if (known && isUnderWay(known)) {
      throw new RunError(
        `the job ${id} of this run is at work on the Ray cluster at ${ray.address}, and ${join(job.folder, 'job.json')}, which says where it asks for rewards, ` +
          `is missing or damaged: restore it from a copy, or end the job (ray job stop ${id} --address ${ray.address}) and run the same command again`,
      );
    }
    if (known) last = attempt;
    else if (attempt > made) return last;
  }
}
