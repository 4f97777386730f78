import type { TrainingJob } from '@touchstone/run';
import type { Gathering } from '../reward-server.js';
import { pythonCommand } from '../workers/python.js';
import type { Command } from '../workers/worker.js';

/** The answers of a group are waited for so long: the first may be drawn long before the last. */
const GROUP_WAIT_MS = 1_800_000;

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
  const program = job.workspace.config.training.verl.python;
  return pythonCommand(job, { program, args, env, log }, rewards);
}
