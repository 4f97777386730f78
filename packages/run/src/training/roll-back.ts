import { join } from 'node:path';
import { checkpointName, removeCheckpoint } from '@touchstone/train';
import { stepsToGoBackTo } from '../stages/best-checkpoint.js';
import { checkpointFolder, problemOf } from '../stages/checkpoints.js';
import { REINFORCE } from '../stages/stages.js';
import type { Workspace } from '../workspace/workspace.js';

/**
 * Takes the weights of the best checkpoint up to a step back, of those that hold: newer ones are removed, so that it is the one that training goes on
 * from. Where there is none, nothing is removed. Done again it changes nothing.
 *
 * @returns what was done, for people.
 */
export async function rollBack(workspace: Workspace, step: number): Promise<string> {
  const { store } = workspace;
  const known = store.checkpoints(REINFORCE.name).map((one) => one.step);
  const scored = stepsToGoBackTo(workspace, step);
  const there = scored.filter((one) => known.includes(one));
  if (there.length === 0) {
    return 'No checkpoint has been scored, so there is none to go back to: with training.save_top_k those of training.checkpoint_every are. Its weights stay as they are.';
  }
  const broken: string[] = [];
  for (const one of there) {
    const problem = await problemOf(workspace, one);
    if (problem !== null) broken.push(`${problem}. It is not gone back to.`);
    else
      return [...broken, await goBackTo(workspace, one, { from: step, isChosen: one === scored[0] })].join(
        '\n',
      );
  }
  return [
    ...broken,
    'None of the scored checkpoints holds, so there is none to go back to, and nothing is removed: its weights stay as they are. ' +
      'Restore one from a copy and run the same command again, and it is gone back to.',
  ].join('\n');
}

/** Makes a checkpoint the newest. @param isChosen whether it is the one that validation scores speak for. */
async function goBackTo(
  workspace: Workspace,
  step: number,
  { from, isChosen }: { from: number; isChosen: boolean },
): Promise<string> {
  if (step >= from) {
    return `Validation scores speak for no earlier checkpoint${isChosen ? '' : ' that holds'}: its weights stay as they are.`;
  }
  const { store } = workspace;
  const folder = checkpointFolder(workspace);
  for (const { step: newer } of store.checkpoints(REINFORCE.name)) {
    if (newer <= step) continue;
    await removeCheckpoint(folder, newer);
    store.forgetCheckpoint(REINFORCE.name, newer);
  }
  const why = isChosen
    ? 'the checkpoint that validation scores speak for'
    : 'the best scored checkpoint that holds';
  return `Its weights are those of step ${step} again, ${why}: ${join(folder, checkpointName(step))}.`;
}
