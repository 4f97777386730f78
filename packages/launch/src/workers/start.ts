import type { TrainingJob } from '@touchstone/run';
import { sha256 } from '@touchstone/store';
import { resumeRewards, startRewards, type Gathering, type JobRewards } from '../reward-server.js';
import { readJob } from './record.js';
import { findWorker, rewardPlaceOf, startsKnown, startWorker } from './site.js';
import type { Command, Worker } from './worker.js';

/** A worker, and the server that it asks for rewards. */
export interface AtWork {
  worker: Worker;
  /** How often one was started for this run, with this one. */
  attempt: number;
  rewards: JobRewards;
}

/** The worker of a run that is at work, perhaps started by an earlier command, or null; nothing is started. */
export async function workerAtWork(job: TrainingJob): Promise<Worker | null> {
  const known = await readJob(job.folder, job.run);
  return (known && (await findWorker(job, known)))?.worker ?? null;
}

/**
 * Starts the worker of a run and the server of its rewards, or finds the worker that is at work, and serves where that asks.
 *
 * @param attempts how often one was started at least.
 * @param commandOf what is to run, the `attempt`th time.
 * @throws {RunError} it cannot be started, or the folder holds the job of another run.
 */
export async function startOrFind(
  job: TrainingJob,
  attempts: number,
  commandOf: (
    rewards: { url: string; host: string; key: string },
    attempt: number,
  ) => Command | Promise<Command>,
  gathering: Gathering = {},
): Promise<AtWork> {
  const known = await readJob(job.folder, job.run);
  const found = known && (await findWorker(job, known));
  if (found) {
    const { worker, place } = found;
    const rewards = await resumeRewards(job, place, known, worker.name, gathering);
    return { worker, attempt: known.attempt, rewards };
  }
  const made = known ? Math.max(known.attempt, attempts) : await startsKnown(job, attempts);
  const attempt = 1 + made;
  const rewards = await startRewards(job, await rewardPlaceOf(job.workspace.config.training.ray), gathering);
  try {
    const { host, port, key } = rewards;
    const start = { run: job.run, attempt, host, port, key_hash: sha256(key) };
    return { worker: await startWorker(job, start, await commandOf(rewards, attempt)), attempt, rewards };
  } catch (error) {
    await rewards.close();
    throw error;
  }
}
