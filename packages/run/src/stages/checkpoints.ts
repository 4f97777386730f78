import { join, sep } from 'node:path';
import { RunError, TouchstoneError } from '@touchstone/spec';
import {
  listCheckpoints,
  loadCheckpoint,
  removeCheckpoint,
  saveCheckpoint,
  type Checkpoint,
  type Origin,
} from '@touchstone/train';
import { versions } from '../workspace/provenance.js';
import { localPolicy } from '../workspace/local-policy.js';
import type { Workspace } from '../workspace/workspace.js';
import { REINFORCE } from './stages.js';

/** The last checkpoint is the result; the one before it is there if the disk fails. */
const CHECKPOINTS_KEPT = 2;

type Part = Pick<Workspace, 'folder' | 'store'>;

export const checkpointFolder = ({ folder }: Pick<Workspace, 'folder'>): string =>
  join(folder, 'checkpoints');

/** What the weights that a stage of this run writes say of themselves. */
export const originOf = ({ store }: Pick<Workspace, 'store'>, stage: string): Origin => ({
  run: store.identity().id,
  stage,
  versions: versions(),
});

/** Writes a checkpoint, notes it in run.db, and removes those that are old enough. */
export async function keepCheckpoint(workspace: Part, checkpoint: Checkpoint): Promise<void> {
  const { store } = workspace;
  const folder = checkpointFolder(workspace);
  const { step, digest } = await saveCheckpoint(folder, checkpoint, originOf(workspace, REINFORCE.name));
  store.putCheckpoint(REINFORCE.name, step, digest);
  const known = store.checkpoints(REINFORCE.name).filter((one) => one.step <= step);
  for (const old of known.slice(0, -CHECKPOINTS_KEPT)) {
    await removeCheckpoint(folder, old.step);
    store.forgetCheckpoint(REINFORCE.name, old.step);
  }
}

/**
 * The newest checkpoint that is what this run wrote, and whose steps run.db has; null where the run has written none.
 *
 * @param onBroken told of each newer one that does not hold.
 * @throws {RunError} none holds, though the run has written some: what they were trained from is lost.
 */
export async function newestCheckpoint(
  workspace: Pick<Workspace, 'folder' | 'store' | 'policy'>,
  onBroken: (text: string) => void = () => {},
): Promise<Checkpoint | null> {
  const { folder, store } = workspace;
  const policy = localPolicy(workspace);
  const { run, stage } = originOf(workspace, REINFORCE.name);
  const written = new Map(store.checkpoints(stage).map(({ step, digest }) => [step, digest]));
  const stored = stepsWithoutGap(store.steps(stage));
  const broken: string[] = [];
  for (const found of await listCheckpoints(checkpointFolder(workspace))) {
    try {
      if (found.step > stored) {
        const has = stored === 0 ? 'no step' : `only steps 1 to ${stored}`;
        throw new RunError(`${found.folder}: run.db has ${has} of this run`);
      }
      const digest = written.get(found.step);
      const checkpoint = await loadCheckpoint(found.folder, policy, { digest, origin: { run, stage } });
      for (const text of broken) onBroken(`${text}. It is not used; the one of step ${found.step} is.`);
      return checkpoint;
    } catch (error) {
      if (!TouchstoneError.is(error)) throw error;
      broken.push(error.message.replaceAll(`${folder}${sep}`, ''));
    }
  }
  if (written.size > 0) {
    throw new RunError(
      `no checkpoint of this run holds, though run.db knows of step ${[...written.keys()].join(', ')}: ` +
        `${broken.join('; ') || `there is none in ${checkpointFolder(workspace)}`}. ` +
        'Restore the folder "checkpoints" from a copy, or start again in another folder with --out.',
    );
  }
  for (const text of broken) onBroken(`${text}. It is not used; training starts from the beginning.`);
  return null;
}

/** The n of steps 1 to n, all of which are there. */
export function stepsWithoutGap(steps: readonly { step: number }[]): number {
  const gap = steps.findIndex(({ step }, i) => step !== i + 1);
  return gap === -1 ? steps.length : gap;
}
