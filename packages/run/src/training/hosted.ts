import { RunError, TouchstoneError } from '@touchstone/spec';
import { readStage } from '../stages/stage.js';
import { REINFORCE } from '../stages/stages.js';
import { RemotePolicy } from '../workspace/remote-policy.js';
import type { Workspace } from '../workspace/workspace.js';

/**
 * The policy as a cloud service has trained it, which is asked where it is.
 *
 * @throws {RunError} training has not said what came out. @throws {InputError} the model cannot be opened.
 */
export async function hostedPolicy({ store, config, baseDir }: Workspace): Promise<RemotePolicy> {
  const hosted = readStage(store, REINFORCE)?.value?.hosted;
  if (!hosted)
    throw new RunError(
      'run.db does not say which model the training has made: expected one that a service has',
    );
  return RemotePolicy.open(hosted.model, config, baseDir, store);
}

/**
 * Asks the model that has come out one short question, before its evaluation is paid for.
 *
 * @throws {RunError} it does not answer.
 */
export async function assertAnswering(
  { store, config, baseDir }: Workspace,
  { model, job }: { model: string; job: string },
): Promise<void> {
  try {
    const policy = await RemotePolicy.open(model, config, baseDir, store);
    await policy.probe(config.policy);
  } catch (error) {
    if (!TouchstoneError.is(error)) throw error;
    throw new RunError(
      `${job} has completed, and what came out of it cannot be asked. ${error.message}. Its evaluation has not begun. ` +
        'Look whether the service shows it as ready, and whether whoever runs this command may ask it; the same command goes on here',
      { cause: error },
    );
  }
}
