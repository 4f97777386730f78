import { InputError, type EngineRecord } from '@touchstone/spec';
import type { BackendName } from '@touchstone/train/schema';
import type { Clock } from '../clock.js';
import type { StageReporter } from '../stages/stage.js';
import type { Workspace } from '../workspace/workspace.js';

/** What a training works with and reports to. */
export interface Training {
  workspace: Workspace;
  reporter: StageReporter;
  clock: Clock;
  /** Why to go on after a pause. */
  goOn?: string | undefined;
}

/** Who trains the policy. All else of a run (gate, evaluation, report) is the same whoever does. */
export interface Trainer {
  /** What `training.backend` calls it. */
  name: BackendName;
  /**
   * Looks whether it can train here, before anything is paid for. Default: all that it needs was looked at when the workspace
   * was opened.
   *
   * @throws {InputError} with what is wrong and what to do.
   */
  prepare?(workspace: Workspace): Promise<void>;
  /** Whether training need not be taken up again: its result is there, or has been evaluated already. */
  isTrained(workspace: Workspace): Promise<boolean>;
  /**
   * Trains to the last step, from where an earlier process stopped, and stores every step as it ends.
   *
   * @returns what has trained it.
   * @throws {PausedError} a monitor has stopped it.
   * @throws {RunError} it cannot go on; called again, it resumes.
   */
  train(training: Training): Promise<EngineRecord>;
  /** The policy as training has left it. @throws {RunError} its weights do not hold. */
  policy(workspace: Workspace): Promise<Workspace['policy']>;
}

/** @throws {InputError} nobody here is called so: whoever calls the library brings trainers of others himself. */
export function trainerNamed(name: BackendName, trainers: readonly Trainer[]): Trainer {
  const found = trainers.find((one) => one.name === name);
  if (found) return found;
  throw new InputError([
    {
      message:
        `training.backend is ${name}, and this program only has ${trainers.map((one) => one.name).join(', ')}: ` +
        'expected its trainer among `backends` of runPipeline; @touchstone/launch has it',
    },
  ]);
}
