import { randomBytes } from 'node:crypto';
import type { TrainingJob } from '@touchstone/run';
import { createRewardServer, type RewardServer, type RewardServerOptions } from '@touchstone/serve';
import { InputError, RunError } from '@touchstone/spec';

/** Requests in work have so long to be answered when the command ends. */
const LAST_REPLIES_MS = 1000;

/** Where the server of a job listens. */
export interface RewardPlace {
  /** The address that it listens on. */
  bind: string;
  /** Under which it is asked. */
  host: string;
}

/** For whoever is on this machine. */
export const LOOPBACK: RewardPlace = { bind: '127.0.0.1', host: '127.0.0.1' };

/** The reward of a job, for whoever has its key. */
export interface JobRewards {
  url: string;
  host: string;
  port: number;
  close(): Promise<void>;
}

/** For a trainer that asks about one answer at a time: how many make a group, and how long they are waited for. */
export type Gathering = Pick<RewardServerOptions, 'groupSize' | 'groupWaitMs'>;

/** On a free port, with a key that nobody else has. @throws {InputError} nothing can listen there. */
export async function startRewards(
  job: Pick<TrainingJob, 'reward'>,
  place: RewardPlace,
  gathering: Gathering = {},
): Promise<JobRewards & { key: string }> {
  const key = randomBytes(32).toString('hex');
  const server = createRewardServer({ reward: job.reward, key, report: () => {}, ...gathering });
  return { ...(await listen(server, place, 0)), key };
}

/**
 * Where a job that is at work already asks, for the key that it has.
 *
 * @param name of the job, for people.
 * @throws {RunError} this machine cannot be asked there: something else listens, or it is another machine.
 */
export async function resumeRewards(
  job: Pick<TrainingJob, 'reward'>,
  place: RewardPlace,
  { host, port, key_hash: keyHash }: { host: string; port: number; key_hash: string },
  name: string,
  gathering: Gathering = {},
): Promise<JobRewards> {
  const atWork = `the training of this run is at work (${name}) and asks for rewards at ${host}, port ${port}`;
  if (place.host !== host) {
    throw new RunError(
      `${atWork}, while this machine is ${place.host} to it: run this command where it is ${host}, or end the job and run it again here.`,
    );
  }
  try {
    const server = createRewardServer({ reward: job.reward, keyHash, report: () => {}, ...gathering });
    return await listen(server, place, port);
  } catch (cause) {
    if (!InputError.is(cause)) throw cause;
    throw new RunError(
      `${atWork}, which something else has taken: free it, or end the job, and run the same command again.`,
      {
        cause,
      },
    );
  }
}

async function listen(server: RewardServer, { bind, host }: RewardPlace, port: number): Promise<JobRewards> {
  const { port: taken } = new URL(await server.listen({ host: bind, port }));
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    host,
    port: Number(taken),
    // A job that could not be ended waits for the next command, and must not learn from what stands in for a reward.
    close: () => server.close({ limitMs: LAST_REPLIES_MS, cuts: true }),
  };
}
