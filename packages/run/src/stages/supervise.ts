import { join } from 'node:path';
import { InputError, RunError } from '@touchstone/spec';
import { writeSealed } from '@touchstone/store';
import { fineTune, Policy, type SftOptions } from '@touchstone/train';
import type { z } from 'zod';
import type { Clock } from '../clock.js';
import { localPolicy } from '../workspace/local-policy.js';
import type { Workspace } from '../workspace/workspace.js';
import { originOf } from './checkpoints.js';
import type { StageReporter } from './stage.js';
import { REINFORCE, SUPERVISE } from './stages.js';

const modelFolder = ({ folder }: Workspace): string => join(folder, 'sft');

/**
 * The policy as supervised fine-tuning has left it.
 *
 * @throws {RunError} its weights are gone, or not what was written. Training again would come to others: it takes as long
 *   as reinforcement took, by the clock.
 */
export async function supervisedPolicy(workspace: Workspace): Promise<Policy> {
  const [saved] = workspace.store.checkpoints(SUPERVISE.name);
  const toDo = 'Restore the folder "sft" from a copy, or start again in another folder with --out';
  if (!saved) throw new RunError(`run.db does not know what supervised fine-tuning has written. ${toDo}.`);
  try {
    return await Policy.load(modelFolder(workspace), saved.digest);
  } catch (cause) {
    if (!RunError.is(cause)) throw cause;
    throw new RunError(`${cause.message}. ${toDo}.`, { cause });
  }
}

/**
 * Trains on the annotated answers, for as long as reinforcement took where that makes it better: else the comparison would not be
 * fair.
 *
 * @throws {InputError} there are none.
 */
export async function supervise(
  workspace: Workspace,
  sft: SftOptions,
  reporter: StageReporter,
  clock: Clock,
): Promise<z.output<typeof SUPERVISE.schema>> {
  const { config, store, data } = workspace;
  const policy = localPolicy(workspace);
  if (data.annotations.length === 0) {
    throw new InputError([{ message: 'training.sft needs data.annotations, and there are none' }]);
  }
  const mayTake = store.steps(REINFORCE.name).reduce((sum, { seconds }) => sum + seconds, 0);
  reporter.progress(0, sft.steps);
  const { model, ...result } = await fineTune(
    policy,
    data.annotations,
    { sft, optimizer: config.training, seconds: mayTake, seed: config.seed },
    () => clock.seconds(),
    ({ step, validationLoss }) =>
      reporter.progress(
        step,
        Math.max(step, sft.steps),
        `step ${step}, validation loss ${validationLoss.toFixed(4)}`,
      ),
  );
  const seal = { ...originOf(workspace, SUPERVISE.name), step: result.bestStep };
  const digest = await writeSealed(modelFolder(workspace), seal, (partial) =>
    model.save(partial, policy.folder),
  );
  for (const { step } of store.checkpoints(SUPERVISE.name)) store.forgetCheckpoint(SUPERVISE.name, step);
  store.putCheckpoint(SUPERVISE.name, result.bestStep, digest);
  reporter.finish(`best at step ${result.bestStep}`);
  return result;
}
