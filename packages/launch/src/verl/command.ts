import type { TrainingJob } from '@touchstone/run';
import type { Gathering } from '../reward-server.js';
import { workerEnvironment } from '../workers/environment.js';
import type { Command } from '../workers/worker.js';

/** Seconds that the client waits for the server to come back: whoever starts the command again within them finds the job waiting. */
const PATIENCE_SECONDS = 6 * 3600;
/** The answers of a group are waited for so long: the first may be drawn long before the last. */
const GROUP_WAIT_MS = 1_800_000;

/** Policy and data are here: nothing is fetched. */
const FOR_PYTHON = {
  HF_HUB_OFFLINE: '1',
  HF_HUB_DISABLE_TELEMETRY: '1',
  PYTHONUNBUFFERED: '1',
  PYTHONDONTWRITEBYTECODE: '1',
};

/** verl asks about one answer at a time. */
export const gatheringOf = ({ workspace: { config } }: Pick<TrainingJob, 'workspace'>): Gathering => ({
  groupSize: config.training.group_size,
  groupWaitMs: GROUP_WAIT_MS,
});

/** A command for the Python of the cluster. */
export function commandOf(
  job: Pick<TrainingJob, 'workspace' | 'folder'>,
  args: readonly string[],
  rewards: { url: string; host: string; key: string },
  { log, env = {} }: { log: string; env?: Record<string, string> },
): Command {
  return {
    folder: job.folder,
    program: job.workspace.config.training.verl.python,
    args,
    env: { ...workerEnvironment(job, rewards, PATIENCE_SECONDS), ...FOR_PYTHON, ...env },
    log,
  };
}
