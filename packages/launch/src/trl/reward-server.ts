import { randomBytes } from 'node:crypto';
import type { TrainingJob } from '@touchstone/run';
import { createRewardServer, type RewardServer } from '@touchstone/serve';
import { InputError, RunError } from '@touchstone/spec';

const HOST = '127.0.0.1';
/** Requests in work have so long to be answered when the command ends. */
const LAST_REPLIES_MS = 1000;

/** The reward of a job over loopback, for whoever has its key. */
export interface JobRewards {
  url: string;
  port: number;
  close(): Promise<void>;
}

/** On a free port, with a key that nobody else has. */
export async function startRewards(job: Pick<TrainingJob, 'reward'>): Promise<JobRewards & { key: string }> {
  const key = randomBytes(32).toString('hex');
  return { ...(await listen(createRewardServer({ reward: job.reward, key, report: () => {} }), 0)), key };
}

/**
 * Where a job that is at work already asks, for the key that it has.
 *
 * @throws {RunError} something else listens there.
 */
export async function resumeRewards(
  job: Pick<TrainingJob, 'reward'>,
  { port, key_hash: keyHash, pid }: { port: number; key_hash: string; pid: number },
): Promise<JobRewards> {
  try {
    return await listen(createRewardServer({ reward: job.reward, keyHash, report: () => {} }), port);
  } catch (cause) {
    if (!InputError.is(cause)) throw cause;
    throw new RunError(
      `the training of this run is at work (process ${pid}) and asks for rewards on port ${port}, which something else has taken: ` +
        'free it, or end the process, and run the same command again.',
      { cause },
    );
  }
}

async function listen(server: RewardServer, port: number): Promise<JobRewards> {
  const url = await server.listen({ host: HOST, port });
  return { url, port: Number(new URL(url).port), close: () => server.close({ limitMs: LAST_REPLIES_MS }) };
}
