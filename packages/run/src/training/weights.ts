import { join } from 'node:path';
import { CausalLM } from '@touchstone/engine';
import { RunError, TouchstoneError } from '@touchstone/spec';
import { writeSealed } from '@touchstone/store';
import { checkpointName, Policy } from '@touchstone/train';
import { originOf } from '../stages/checkpoint-series.js';
import { checkpointFolder } from '../stages/checkpoints.js';
import { evaluationOf, REINFORCE } from '../stages/stages.js';
import { localPolicy } from '../workspace/local-policy.js';
import type { Workspace } from '../workspace/workspace.js';

/*
 * What another trainer has made of the policy: only weights, since what else it goes on from is its own.
 */

const folderOf = (workspace: Workspace): string =>
  join(checkpointFolder(workspace), checkpointName(workspace.config.training.steps));

/**
 * Takes the weights that another trainer has written as those of the last step, into the run's own checkpoints. The policy's own
 * configuration and tokenizer stay.
 *
 * @param folder a Hugging Face folder
 * @throws {RunError} naming what is wrong with them: damaged, missing, no finite numbers, or of another model.
 */
export async function keepWeights(workspace: Workspace, folder: string): Promise<void> {
  const { store, config } = workspace;
  const policy = localPolicy(workspace);
  const { steps } = config.training;
  const model = policy.model.clone();
  copyWeights(await loadFrom(folder), model.parameters, folder);
  const seal = { ...originOf(workspace, REINFORCE.name), step: steps };
  const digest = await writeSealed(folderOf(workspace), seal, (partial) =>
    model.save(partial, policy.folder),
  );
  store.putCheckpoint(REINFORCE.name, steps, digest);
}

async function loadFrom(folder: string): Promise<CausalLM['parameters']> {
  try {
    return (await CausalLM.load(folder)).parameters;
  } catch (cause) {
    if (!TouchstoneError.is(cause)) throw cause;
    throw new RunError(`the weights that the trainer has left cannot be read: ${cause.message}`, { cause });
  }
}

/** @throws {RunError} they are not of the same model. */
function copyWeights(from: CausalLM['parameters'], to: CausalLM['parameters'], folder: string): void {
  for (const [name, { shape, data }] of to) {
    const found = from.get(name);
    if (found?.shape.join() !== shape.join()) {
      const came = found ? `the shape ${found.shape.join(' × ')}` : 'no such weight';
      throw new RunError(
        `${folder}: these are the weights of another model than policy.model: expected ${name} of ${shape.join(' × ')}, found ${came}`,
      );
    }
    data.set(found.data);
  }
}

/**
 * The policy with the weights that were kept.
 *
 * @throws {RunError} they are not there, or not what was written.
 */
export async function keptPolicy(workspace: Workspace): Promise<Policy> {
  const { steps } = workspace.config.training;
  const kept = workspace.store.checkpoints(REINFORCE.name).find(({ step }) => step === steps);
  const toDo = 'Run the same command again: they are fetched anew where the trainer still has them.';
  if (!kept) throw new RunError(`run.db does not know of the weights of step ${steps}. ${toDo}`);
  try {
    return await Policy.load(folderOf(workspace), kept.digest);
  } catch (cause) {
    if (!RunError.is(cause)) throw cause;
    throw new RunError(`${cause.message}. ${toDo}`, { cause });
  }
}

/** Whether the weights of the last step are there and hold, or have been evaluated already. */
export async function hasWeights(workspace: Workspace): Promise<boolean> {
  if (workspace.store.stage(evaluationOf('rft').name) !== undefined) return true;
  return keptPolicy(workspace).then(
    () => true,
    (error: unknown) => {
      if (RunError.is(error)) return false;
      throw error;
    },
  );
}
