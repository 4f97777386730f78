import type { TrainingJob } from '@touchstone/run';
import type { Limits } from './key.js';

/*
 * Where AWS counts passes over the training tasks, and not steps.
 */

/** What of a job they are made of. */
type Job = Pick<TrainingJob, 'workspace'>;

/** Passes over the data that the steps come to. */
export const epochsOf = ({ workspace: { config, data } }: Job): number =>
  (config.training.steps * config.training.prompts_per_step) / data.train.length;

/**
 * Why Bedrock cannot make these steps, and how many like them it can; null: it can.
 *
 * @param limits of passes.
 */
export function passesProblem(job: Job, { min = 1, max = Infinity }: Limits): string | null {
  const { steps, prompts_per_step: prompts } = job.workspace.config.training;
  const tasks = job.workspace.data.train.length;
  const passes = epochsOf(job);
  if (Number.isInteger(passes) && passes >= min && passes <= max) return null;
  const common = (a: number, b: number): number => (b === 0 ? a : common(b, a % b));
  // The fewest steps that end with a pass.
  const unit = tasks / common(tasks, prompts);
  const most = Math.floor((max * tasks) / (unit * prompts));
  const near = unit * Math.max(1, Math.min(most, Math.round(steps / unit)));
  return (
    `training.steps ${steps} × prompts_per_step ${prompts} / ${tasks} tasks of data.train = ${Number(passes.toFixed(2))} passes: Bedrock makes ${max === Infinity ? '' : `${min} to ${max} `}whole ones. ` +
    (most < 1
      ? 'With so many prompts in a step none can be had: add tasks, or lower prompts_per_step'
      : `training.steps ${near} is near it and can be had`)
  );
}
