import { join } from 'node:path';
import { RunError, TouchstoneError } from '@touchstone/spec';
import { checkpointName, loadCheckpoint, type Checkpoint } from '@touchstone/train';
import { localPolicy } from '../workspace/local-policy.js';
import type { Workspace } from '../workspace/workspace.js';
import { isDue, topCheckpoints } from './best-checkpoint.js';
import { keepInSeries, newestInSeries, originOf, type CheckpointSeries } from './checkpoint-series.js';
import { REINFORCE } from './stages.js';

/** The last checkpoint is the result, where scores name no other; the one before it is there if the disk fails. */
const CHECKPOINTS_KEPT = 2;

export const checkpointFolder = ({ folder }: Pick<Workspace, 'folder'>): string =>
  join(folder, 'checkpoints');

const seriesOf = (workspace: Pick<Workspace, 'folder'>): CheckpointSeries => ({
  stage: REINFORCE.name,
  folder: checkpointFolder(workspace),
});

/**
 * Writes a checkpoint, notes it in run.db, and removes those that are old enough and not among the best. One that a pause has written takes nobody's
 * place, and goes with the next.
 */
export const keepCheckpoint = (
  workspace: Pick<Workspace, 'folder' | 'store' | 'config' | 'heldout'>,
  checkpoint: Checkpoint,
): Promise<void> =>
  // By the scores up to this step: where a run goes back to an older checkpoint, it keeps the same ones again.
  keepInSeries(workspace, seriesOf(workspace), checkpoint, (steps) => [
    checkpoint.step,
    ...steps.filter((step) => isDue(workspace, step)).slice(-CHECKPOINTS_KEPT),
    ...topCheckpoints(workspace, checkpoint.step),
  ]);

/**
 * The newest checkpoint that is what this run wrote, and whose steps run.db has; null where the run has written none.
 *
 * @param onBroken told of each newer one that does not hold.
 * @param before only those of earlier steps.
 * @throws {RunError} none holds, though the run has written some: what they were trained from is lost.
 */
export function newestCheckpoint(
  workspace: Pick<Workspace, 'folder' | 'store' | 'policy'>,
  onBroken?: (text: string) => void,
  before?: number,
): Promise<Checkpoint | null> {
  const policy = localPolicy(workspace);
  const stored = stepsWithoutGap(workspace.store.steps(REINFORCE.name));
  return newestInSeries(
    workspace,
    seriesOf(workspace),
    ({ step, folder, expected }) => {
      if (step > stored) {
        const has = stored === 0 ? 'no step' : `only steps 1 to ${stored}`;
        throw new RunError(`${folder}: run.db has ${has} of this run`);
      }
      return loadCheckpoint(folder, policy, expected);
    },
    onBroken,
    before,
  );
}

/**
 * The checkpoint of a step.
 *
 * @throws {RunError} run.db does not know it, or it is not what was written.
 */
export function checkpointOf(
  workspace: Pick<Workspace, 'folder' | 'store' | 'policy'>,
  step: number,
): Promise<Checkpoint> {
  const { stage, folder } = seriesOf(workspace);
  const known = workspace.store.checkpoints(stage).find((one) => one.step === step);
  if (!known) throw new RunError(`run.db knows of no checkpoint of step ${step}`);
  const { run } = originOf(workspace, stage);
  return loadCheckpoint(join(folder, checkpointName(step)), localPolicy(workspace), {
    digest: known.digest,
    origin: { run, stage },
  });
}

/** What is wrong with the checkpoint of a step; null: it holds. */
export const problemOf = (
  workspace: Pick<Workspace, 'folder' | 'store' | 'policy'>,
  step: number,
): Promise<string | null> =>
  checkpointOf(workspace, step).then(
    () => null,
    (error: unknown) => {
      if (TouchstoneError.is(error)) return error.message;
      throw error;
    },
  );

/** The n of steps 1 to n, all of which are there. */
export function stepsWithoutGap(steps: readonly { step: number }[]): number {
  const gap = steps.findIndex(({ step }, i) => step !== i + 1);
  return gap === -1 ? steps.length : gap;
}
