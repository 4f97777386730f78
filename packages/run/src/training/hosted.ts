import { RunError } from '@touchstone/spec';
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
