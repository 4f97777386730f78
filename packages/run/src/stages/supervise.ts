import { join } from 'node:path';
import { InputError, RunError } from '@touchstone/spec';
import { writeSealed } from '@touchstone/store';
import { fineTune, Policy, type FineTuneCheckpoint, type SftOptions } from '@touchstone/train';
import type { z } from 'zod';
import type { Clock } from '../clock.js';
import { localPolicy } from '../workspace/local-policy.js';
import type { Workspace } from '../workspace/workspace.js';
import { originOf } from './checkpoint-series.js';
import type { StageReporter } from './stage.js';
import { REINFORCE, SUPERVISE } from './stages.js';
import { keepLook, newestLook } from './supervised-checkpoints.js';

const modelFolder = ({ folder }: Workspace): string => join(folder, 'sft');

/**
 * The policy as supervised fine-tuning has left it.
 *
 * @throws {RunError} its weights are gone, or not what was written. Training again could come to others: how long it takes is
 *   for the clock to say.
 */
export async function supervisedPolicy(workspace: Workspace): Promise<Policy> {
  const [saved] = workspace.store.checkpoints(SUPERVISE.name);
  const toDo = 'Restore the folder "sft" from a copy, or start again in another folder with --out';
  if (!saved) throw new RunError(`run.db does not know what supervised fine-tuning has written. ${toDo}.`);
  try {
    return await Policy.load(modelFolder(workspace), saved.digest);
  } catch (cause) {
    if (!RunError.is(cause)) throw cause;
    throw new RunError(`${cause.message}. ${toDo}.`, { cause });
  }
}

/**
 * Trains on the annotated answers, for as long as reinforcement took where that makes it better: else the comparison would not be
 * fair. Goes on from the newest look at the validation loss.
 *
 * @throws {InputError} there are none.
 * @throws {RunError} looks were written, and none of them holds.
 */
export async function supervise(
  workspace: Workspace,
  sft: SftOptions,
  reporter: StageReporter,
  clock: Clock,
): Promise<z.output<typeof SUPERVISE.schema>> {
  const { config, store, data } = workspace;
  const policy = localPolicy(workspace);
  if (data.annotations.length === 0) {
    throw new InputError([{ message: 'training.sft needs data.annotations, and there are none' }]);
  }
  const mayTake = store.steps(REINFORCE.name).reduce((sum, { seconds }) => sum + seconds, 0);
  let newest = await newestLook(workspace, (text) => reporter.alarm(text));
  reporter.progress(newest?.step ?? 0, Math.max(newest?.step ?? 0, sft.steps));
  let losses: number[] = [];
  for await (const { step, loss, validationLoss, isLook, checkpoint } of fineTune({
    policy,
    annotations: data.annotations,
    sft,
    optimizer: config.training,
    seconds: mayTake,
    seed: config.seed,
    now: () => clock.seconds(),
    from: newest,
  })) {
    losses.push(loss);
    if (isLook) {
      const look = checkpoint();
      storeLook(store, look, losses, newest?.supervised.seconds ?? 0);
      await keepLook(workspace, look, newest);
      newest = look;
      losses = [];
    }
    const note = `step ${step}, validation loss ${validationLoss.toFixed(4)}`;
    reporter.progress(step, Math.max(step, sft.steps), note);
  }
  if (!newest) throw new RunError('supervised fine-tuning has made no step: expected training.sft.steps');
  const { step: steps, supervised, best } = newest;
  const { step: bestStep, loss: validationLoss } = supervised.best;
  const seal = { ...originOf(workspace, SUPERVISE.name), step: bestStep };
  const digest = await writeSealed(modelFolder(workspace), seal, (partial) =>
    best.model.save(partial, policy.folder),
  );
  for (const { step } of store.checkpoints(SUPERVISE.name)) store.forgetCheckpoint(SUPERVISE.name, step);
  store.putCheckpoint(SUPERVISE.name, bestStep, digest);
  reporter.finish(`best at step ${bestStep}`);
  const { seconds } = supervised;
  return { steps, bestStep, examples: data.annotations.length, validationLoss, seconds };
}

/** Stores a look as a step. @param losses of its steps since the look before. @param before seconds of training until then. */
function storeLook(
  store: Workspace['store'],
  { step, supervised: { seconds, validationLoss } }: FineTuneCheckpoint,
  losses: readonly number[],
  before: number,
): void {
  const loss = losses.reduce((sum, one) => sum + one, 0) / losses.length;
  store.putStep(SUPERVISE.name, {
    step,
    metrics: { loss, validation_loss: validationLoss },
    intervals: {},
    components: {},
    seconds: seconds - before,
  });
}
