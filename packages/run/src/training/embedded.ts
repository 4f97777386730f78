import { RunError, type EngineRecord } from '@touchstone/spec';
import { train, type Policy } from '@touchstone/train';
import { keepCheckpoint, newestCheckpoint } from '../stages/checkpoints.js';
import { evaluationOf } from '../stages/stages.js';
import { version } from '../version.js';
import { localPolicy } from '../workspace/local-policy.js';
import type { Workspace } from '../workspace/workspace.js';
import { judgeNoise } from './judge-noise.js';
import { storeStep, tellStep } from './step.js';
import type { Trainer, Training } from './trainer.js';

/** The engine of this package. */
export const embedded: Trainer = { name: 'embedded', isTrained, train: reinforce, policy: trainedPolicy };

/** @throws {RunError} its last checkpoint does not hold, or run.db has not every step: what came out is not known then. */
async function trainedPolicy(workspace: Workspace): Promise<Policy> {
  const { steps } = workspace.config.training;
  const newest = await newestCheckpoint(workspace);
  if (newest?.step === steps) return newest.policy;
  throw new RunError(
    `the checkpoint of step ${steps} is not there, or does not hold; the newest that does is of ` +
      `${newest ? `step ${newest.step}` : 'no step'}. Run the same command again.`,
  );
}

async function isTrained(workspace: Workspace): Promise<boolean> {
  return (
    workspace.store.stage(evaluationOf('rft').name) !== undefined ||
    (await newestCheckpoint(workspace))?.step === workspace.config.training.steps
  );
}

/** Trains from the newest checkpoint, or from the start. */
async function reinforce(training: Training): Promise<EngineRecord> {
  const { workspace, reporter, clock } = training;
  const { config, data, reward } = workspace;
  const { steps, checkpoint_every } = config.training;
  const from = await newestCheckpoint(workspace, (text) => reporter.alarm(text));
  reporter.progress(from?.step ?? 0, steps);
  let begun = clock.seconds();
  for await (const { step, groups, metrics, checkpoint } of train({
    policy: localPolicy(workspace),
    tasks: data.train,
    reward,
    training: config.training,
    sampling: config.policy,
    abstention: config.reward.abstention,
    seed: config.seed,
    noise: judgeNoise(workspace),
    from,
  })) {
    const summary = storeStep(training, { step, groups, metrics, seconds: clock.seconds() - begun });
    if (step % checkpoint_every === 0 || step === steps) await keepCheckpoint(workspace, checkpoint());
    tellStep(training, summary);
    // Storing is not training.
    begun = clock.seconds();
  }
  return { name: 'embedded', versions: { touchstone: version() }, hosted: null };
}
