import { isAbsolute, resolve } from 'node:path';
import type { TrainingJob } from '@touchstone/run';
import type { Scripted } from './scripted.js';
import { workerEnvironment } from '../workers/environment.js';
import type { Command } from '../workers/worker.js';

/** The script that is started. */
export const SCRIPT = 'train.py';

/** Seconds that the client waits for the server to come back: whoever starts the command again within them finds the job waiting. */
const PATIENCE_SECONDS = 6 * 3600;

/** Policy and data are here: nothing is fetched. */
const FOR_PYTHON = {
  HF_HUB_OFFLINE: '1',
  HF_HUB_DISABLE_TELEMETRY: '1',
  PYTHONUNBUFFERED: '1',
  PYTHONDONTWRITEBYTECODE: '1',
  // Threads that wait do not take the cores from a judge that runs here.
  OMP_WAIT_POLICY: 'PASSIVE',
};

/** The Python of the configuration: a name that is on the PATH, or a path relative to the configuration. */
function pythonOf(
  { workspace: { config, baseDir } }: Pick<TrainingJob, 'workspace'>,
  trainer: Scripted,
): string {
  const python = trainer.python(config);
  return /[\\/]/.test(python) && !isAbsolute(python) ? resolve(baseDir, python) : python;
}

/** A worker for the Python of the configuration, on this machine or the Ray cluster. */
export function commandOf(
  job: Pick<TrainingJob, 'workspace' | 'folder'>,
  trainer: Scripted,
  args: readonly string[],
  rewards: { url: string; host: string; key: string },
  { log, env = {} }: { log: string; env?: Record<string, string> },
): Command {
  return {
    folder: job.folder,
    program: pythonOf(job, trainer),
    args,
    env: { ...workerEnvironment(job, rewards, PATIENCE_SECONDS), ...FOR_PYTHON, ...trainer.env, ...env },
    log,
  };
}
