import { RunError, TouchstoneError, type EngineRecord } from '@touchstone/spec';
import { train, type Checkpoint, type Policy } from '@touchstone/train';
import { bestCheckpoint, isDue, lastStep, resultStep } from '../stages/best-checkpoint.js';
import { checkpointOf, keepCheckpoint, newestCheckpoint, problemOf } from '../stages/checkpoints.js';
import { evaluationOf, REINFORCE } from '../stages/stages.js';
import { validateCheckpoint } from '../stages/validate.js';
import { version } from '../version.js';
import { localPolicy } from '../workspace/local-policy.js';
import type { Workspace } from '../workspace/workspace.js';
import { ask } from './asked.js';
import { judgeNoise } from './judge-noise.js';
import { lookAfter, lookBefore } from './look.js';
import { storeStep, tellStep } from './step.js';
import type { Trainer, Training } from './trainer.js';
import { watchTraining, type Watching } from './watch.js';
import { lookAtWinners } from './winners.js';

/** The engine of this package. */
export const embedded: Trainer = { name: 'embedded', isTrained, train: reinforce, policy: trainedPolicy };

/** @throws {RunError} its checkpoint does not hold, or run.db has not every step: what came out is not known then. */
async function trainedPolicy(workspace: Workspace): Promise<Policy> {
  const last = lastStep(workspace);
  const newest = await newestCheckpoint(workspace);
  const step = resultStep(workspace);
  if (newest?.step === last) {
    if (step === last) return newest.policy;
    return checkpointOf(workspace, step).then(
      ({ policy }) => policy,
      (cause: unknown) => {
        if (!TouchstoneError.is(cause)) throw cause;
        const text = `${cause.message}. It is the result: run the same command again, and it is made again.`;
        throw new RunError(text, { cause });
      },
    );
  }
  throw new RunError(
    `the checkpoint of step ${last} is not there, or does not hold; the newest that does is of ` +
      `${newest ? `step ${newest.step}` : 'no step'}. Run the same command again.`,
  );
}

async function isTrained(workspace: Workspace): Promise<boolean> {
  if (workspace.store.stage(evaluationOf('rft').name) !== undefined) return true;
  const newest = await newestCheckpoint(workspace);
  return newest?.step === lastStep(workspace) && (await problemOfResult(workspace, newest)) === null;
}

/** What is wrong with the checkpoint that is the result, where that is an older one than the last; null: nothing. */
async function problemOfResult(workspace: Workspace, last: Checkpoint): Promise<string | null> {
  const step = resultStep(workspace);
  return step === last.step ? null : problemOf(workspace, step);
}

/**
 * Where training goes on: the newest checkpoint, or null for the start. Where all is done but the checkpoint that is the result does not hold, one from
 * before it, from which it is made again.
 */
async function whereToGoOn(workspace: Workspace, alarm: (text: string) => void): Promise<Checkpoint | null> {
  const newest = await newestCheckpoint(workspace, alarm);
  if (newest?.step !== lastStep(workspace)) return newest;
  const problem = await problemOfResult(workspace, newest);
  if (problem === null) return newest;
  const before = await newestCheckpoint(workspace, alarm, resultStep(workspace));
  alarm(`${problem}. It is made again, from ${before ? `the one of step ${before.step}` : 'the beginning'}.`);
  return before;
}

/** Trains from the newest checkpoint, or from the start. */
async function reinforce(training: Training): Promise<EngineRecord> {
  const { workspace, reporter } = training;
  const from = await whereToGoOn(workspace, (text) => reporter.alarm(text));
  const made = from?.step ?? 0;
  const before = workspace.store.steps(REINFORCE.name).filter(({ step }) => step <= made);
  const watch = await watchTraining(training, { before, canPause: true });
  reporter.progress(made, workspace.config.training.steps);
  // Killed between writing it and scoring it.
  if (from) await validateCheckpoint(workspace, from);
  if (from?.step !== lastStep(workspace)) await trainFrom(from, training, watch);
  // Asked for after the last step was over, it would be heeded by a later command.
  await ask(workspace.folder, null);
  const best = bestCheckpoint(workspace);
  if (best) reporter.finish(`the result is step ${best.step} of ${lastStep(workspace)}`);
  return { name: 'embedded', versions: { touchstone: version() }, hosted: null };
}

async function trainFrom(from: Checkpoint | null, training: Training, watch: Watching): Promise<void> {
  const { workspace, clock } = training;
  const { config, data, reward } = workspace;
  await lookBefore(workspace);
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
    const seconds = clock.seconds() - begun;
    // A judge that takes its time is asked both at once.
    const [winners, look] = await Promise.all([
      lookAtWinners(workspace, step, groups),
      lookAfter(workspace, step, () => checkpoint().policy),
    ]);
    const looked = { ...winners, ...look };
    let summary = storeStep(training, { step, groups, metrics: { ...metrics, ...looked }, seconds });
    const keep = async (): Promise<void> => {
      await keepCheckpoint(workspace, checkpoint());
      summary = await validateCheckpoint(workspace, checkpoint());
    };
    const isKept = isDue(workspace, step);
    if (isKept) await keep();
    tellStep(training, summary);
    await watch.heed(summary, isKept ? undefined : keep);
    if (step === lastStep(workspace)) break;
    // Storing, scoring and looking are not training.
    begun = clock.seconds();
  }
}
