import { randomBytes } from 'node:crypto';
import type { TrainingJob } from '@touchstone/run';
import { createRewardServer } from '@touchstone/serve';
import { InputError, RunError } from '@touchstone/spec';
import type { GivenAnswers } from './answers.js';
import type { Attempt } from './attempts.js';
import { verlReward } from './rewards.js';

/** Requests in work have so long to be answered when the command ends. */
const LAST_REPLIES_MS = 1000;
/** The answers of a group are waited for so long: the first may be drawn long before the last. */
const GROUP_WAIT_MS = 1_800_000;

/** The reward of a job, for whoever has its key. */
export interface JobRewards {
  url: string;
  port: number;
  answers: GivenAnswers;
  /** Why the job must not go on; undefined: it may. */
  stopped(): RunError | undefined;
  close(): Promise<void>;
}

/** On a free port, with a key that nobody else has. */
export async function startRewards(
  job: TrainingJob,
  answers: GivenAnswers,
): Promise<JobRewards & { key: string }> {
  const key = randomBytes(32).toString('hex');
  return { ...(await listen(job, answers, { key }, 0)), key };
}

/**
 * Where a job that is at work already asks, for the key that it has.
 *
 * @throws {RunError} something else listens there.
 */
export async function resumeRewards(
  job: TrainingJob,
  answers: GivenAnswers,
  { port, key_hash: keyHash, id }: Pick<Attempt, 'port' | 'key_hash' | 'id'>,
): Promise<JobRewards> {
  try {
    return await listen(job, answers, { keyHash }, port);
  } catch (cause) {
    if (!InputError.is(cause)) throw cause;
    throw new RunError(
      `the training of this run is at work (Ray job ${id}) and asks for rewards on port ${port}, which something else has taken: ` +
        'free it, or stop the job, and run the same command again.',
      { cause },
    );
  }
}

async function listen(
  job: TrainingJob,
  answers: GivenAnswers,
  access: { key: string } | { keyHash: string },
  at: number,
): Promise<JobRewards> {
  let stopped: RunError | undefined;
  const server = createRewardServer({
    reward: verlReward(job, answers, (error) => (stopped ??= error)),
    groupSize: job.workspace.config.training.group_size,
    groupWaitMs: GROUP_WAIT_MS,
    report: () => {},
    ...access,
  });
  const host = job.workspace.config.training.ray?.reward_host;
  const url = await server.listen({ host: host === undefined ? '127.0.0.1' : '0.0.0.0', port: at });
  const port = Number(new URL(url).port);
  return {
    url: host === undefined ? url : `http://${host}:${port}`,
    port,
    answers,
    stopped: () => stopped,
    close: () => server.close({ limitMs: LAST_REPLIES_MS }),
  };
}
