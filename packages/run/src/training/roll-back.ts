import { join } from 'node:path';
import { checkpointName, removeCheckpoint } from '@touchstone/train';
import { bestCheckpoint } from '../stages/best-checkpoint.js';
import { checkpointFolder } from '../stages/checkpoints.js';
import { REINFORCE } from '../stages/stages.js';
import type { Workspace } from '../workspace/workspace.js';

/**
 * Takes the weights of the best checkpoint up to a step back: newer ones are removed, so that it is the one that training goes on from. Done
 * again it changes nothing.
 *
 * @returns what was done, for people.
 */
export async function rollBack(workspace: Workspace, step: number): Promise<string> {
  const { store } = workspace;
  const best = bestCheckpoint(workspace, step);
  if (!best) {
    return 'No checkpoint has been scored, so there is none to go back to: training.save_top_k scores them. Its weights stay as they are.';
  }
  const known = store.checkpoints(REINFORCE.name);
  if (best.step >= step)
    return 'Validation scores speak for no earlier checkpoint: its weights stay as they are.';
  const folder = checkpointFolder(workspace);
  for (const newer of known.filter(({ step: one }) => one > best.step)) {
    await removeCheckpoint(folder, newer.step);
    store.forgetCheckpoint(REINFORCE.name, newer.step);
  }
  return `Its weights are those of step ${best.step} again, the checkpoint that validation scores speak for: ${join(folder, checkpointName(best.step))}.`;
}
