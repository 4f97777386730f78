import { InputError } from '@touchstone/spec';
import type { TrainingJob } from '@touchstone/run';
import { RayJobs } from '../ray/jobs.js';

/** Seconds that the client waits for the server to come back: whoever starts the command again within them finds the job waiting. */
const PATIENCE_SECONDS = 6 * 3600;

/** @throws {InputError} none is named. */
export function clusterOf({ workspace: { config } }: Pick<TrainingJob, 'workspace'>): RayJobs {
  const { ray } = config.training;
  if (ray) return new RayJobs(ray.address);
  throw new InputError([{ message: 'training.ray is missing: expected the address of a Ray cluster' }]);
}

/** The Python of the cluster. */
export const pythonOf = ({ workspace: { config } }: Pick<TrainingJob, 'workspace'>): string =>
  config.training.verl.python;

/** A word for `sh`. */
export const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** What a job is told: where its rewards are, and nothing of the judge's keys. It fetches nothing: policy and data are there. */
export const environmentOf = ({ url, key }: { url: string; key: string }): Record<string, string> => {
  const { hostname } = new URL(url);
  return {
    TOUCHSTONE_REWARD_URL: url,
    TOUCHSTONE_REWARD_KEY: key,
    TOUCHSTONE_REWARD_TIMEOUT: String(PATIENCE_SECONDS),
    NO_PROXY: `${hostname},127.0.0.1,localhost`,
    no_proxy: `${hostname},127.0.0.1,localhost`,
    HF_HUB_OFFLINE: '1',
    HF_HUB_DISABLE_TELEMETRY: '1',
    PYTHONUNBUFFERED: '1',
    PYTHONDONTWRITEBYTECODE: '1',
  };
};
