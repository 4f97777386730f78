import { readFile } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import type { TrainingJob } from '@touchstone/run';
import type { Scripted } from './scripted.js';
import { pythonCommand } from '../workers/python.js';
import type { Command } from '../workers/worker.js';

/** The script that is started. */
export const SCRIPT = 'train.py';

/** What the script and the files beside it share. */
export const JOB_FILE = 'touchstone_job.py';
export const jobSource = (): Promise<string> =>
  readFile(new URL(`../../templates/scripted/${JOB_FILE}`, import.meta.url), 'utf8');

/** Threads that wait do not take the cores from a judge that runs here. */
const PASSIVE = { OMP_WAIT_POLICY: 'PASSIVE' };

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
  const program = pythonOf(job, trainer);
  return pythonCommand(job, { program, args, env: { ...PASSIVE, ...trainer.env, ...env }, log }, rewards);
}
