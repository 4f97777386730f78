import type { TrainingJob } from '@touchstone/run';
import { workerEnvironment } from './environment.js';
import type { Command } from './worker.js';

/** Seconds that the client waits for the server to come back: whoever starts the command again within them finds the job waiting. */
const PATIENCE_SECONDS = 6 * 3600;

/** Policy and data are here: nothing is fetched. */
const FOR_PYTHON = {
  HF_HUB_OFFLINE: '1',
  HF_HUB_DISABLE_TELEMETRY: '1',
  PYTHONUNBUFFERED: '1',
  PYTHONDONTWRITEBYTECODE: '1',
};

/** A worker that is Python, in the folder of a job. @param env what it is told besides where its rewards are; it counts before all else. */
export const pythonCommand = (
  job: Pick<TrainingJob, 'workspace' | 'folder'>,
  { program, args, env, log }: Omit<Command, 'folder'>,
  rewards: { url: string; host: string; key: string },
): Command => ({
  folder: job.folder,
  program,
  args,
  env: { ...workerEnvironment(job, rewards, PATIENCE_SECONDS), ...FOR_PYTHON, ...env },
  log,
});
