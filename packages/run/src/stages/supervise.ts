import { join } from 'node:path';
import { InputError } from '@touchstone/spec';
import { fineTune, Policy, type SftOptions } from '@touchstone/train';
import type { z } from 'zod';
import type { Clock } from '../clock.js';
import type { Workspace } from '../workspace/workspace.js';
import type { StageReporter } from './stage.js';
import { REINFORCE, type SUPERVISE } from './stages.js';

const modelFolder = ({ folder }: Workspace): string => join(folder, 'sft');

/** The policy as supervised fine-tuning has left it. */
export const supervisedPolicy = (workspace: Workspace): Promise<Policy> =>
  Policy.load(modelFolder(workspace));

/**
 * Trains on the annotated answers, for at least as long as reinforcement took: else the comparison would not be fair.
 *
 * @throws {InputError} there are none.
 */
export async function supervise(
  workspace: Workspace,
  sft: SftOptions,
  reporter: StageReporter,
  clock: Clock,
): Promise<z.output<typeof SUPERVISE.schema>> {
  const { config, policy, store, data } = workspace;
  if (data.annotations.length === 0) {
    throw new InputError([{ message: 'training.sft needs data.annotations, and there are none' }]);
  }
  const minSeconds = store.steps(REINFORCE.name).reduce((sum, { seconds }) => sum + seconds, 0);
  const total = Math.round(Math.max(minSeconds, 1));
  reporter.progress(0, total);
  const { model, ...result } = await fineTune(
    policy,
    data.annotations,
    { sft, optimizer: config.training, minSeconds, seed: config.seed },
    () => clock.seconds(),
    ({ step, seconds, validationLoss }) =>
      reporter.progress(
        Math.min(total, Math.round(seconds)),
        total,
        `step ${step}, validation loss ${validationLoss.toFixed(4)}`,
      ),
  );
  await model.save(modelFolder(workspace), policy.folder);
  reporter.finish(`best at step ${result.bestStep}`);
  return result;
}
