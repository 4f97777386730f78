import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ADAMW_DEFAULTS } from '@touchstone/engine';
import { InputError, RunError, type EngineRecord } from '@touchstone/spec';
import { assertOwn } from '@touchstone/store';
import { stepMetrics } from '@touchstone/train';
import { isHosted } from '@touchstone/train/schema';
import { stepsWithoutGap } from '../stages/checkpoints.js';
import { readStage } from '../stages/stage.js';
import { JUDGE, REINFORCE } from '../stages/stages.js';
import type { Workspace } from '../workspace/workspace.js';
import type { Backend, LaunchedJob, TrainingJob } from './backend.js';
import { drawnRewards, type DrawnRewards } from './drawn.js';
import { lookAfter, lookBefore } from './look.js';
import { alreadyStored, storeStep, tasksToTrain, tellStep } from './step.js';
import type { Trainer, Training } from './trainer.js';
import { assertAnswering, hostedPolicy } from './hosted.js';
import { watchTraining } from './watch.js';
import { hasWeights, keepWeights, keptPolicy } from './weights.js';
import { lookAtWinners } from './winners.js';

/** Somebody else's trainer as one of ours: what a backend's verbs come to, whichever it is. */
export function trainerOf(backend: Backend): Trainer {
  return {
    name: backend.name,
    async prepare(workspace) {
      const job = await jobOf(backend, workspace, drawnRewards(workspace));
      await backend.plan(job);
      const problems = (await backend.preflight(job)).filter(({ level }) => level === 'failed');
      if (problems.length === 0) return;
      throw new InputError(problems.map(({ what, detail }) => ({ message: `${what}: ${detail}` })));
    },
    // What a service has made is no file of this run.
    isTrained: isHosted(backend.name) ? () => Promise.resolve(true) : hasWeights,
    policy: isHosted(backend.name) ? hostedPolicy : keptPolicy,
    train: (training) => trainWith(backend, training),
  };
}

/** The job of a run, in a folder of its own within that of the run. */
export async function jobOf(
  { name }: Pick<Backend, 'name'>,
  workspace: Workspace,
  { reward }: Pick<DrawnRewards, 'reward'>,
  alarm: TrainingJob['alarm'] = () => {},
): Promise<TrainingJob> {
  const folder = join(workspace.folder, name);
  assertOwn(folder, 'folder');
  await mkdir(folder, { recursive: true });
  const { beta1, beta2, epsilon } = ADAMW_DEFAULTS;
  return {
    workspace,
    run: workspace.store.identity().id,
    folder,
    tasksOf: (step) => tasksToTrain(workspace, step),
    certificate: readStage(workspace.store, JUDGE)?.value.certificate ?? null,
    adamw: { beta1, beta2, epsilon },
    reward,
    alarm,
  };
}

async function trainWith(backend: Backend, training: Training): Promise<EngineRecord> {
  const { workspace, reporter } = training;
  const { steps } = workspace.config.training;
  const drawn = drawnRewards(workspace);
  const job = await jobOf(backend, workspace, drawn, (text) => reporter.alarm(text));
  await backend.plan(job);
  const earlier = workspace.store.steps(REINFORCE.name);
  const stored = new Map(earlier.map((step) => [step.step, step]));
  reporter.progress(stepsWithoutGap(earlier), steps);
  const hosted = isHosted(backend.name);
  // A job of a service goes on whatever happens here.
  const watch = await watchTraining(training, { before: earlier, canPause: !hosted });
  await lookBefore(workspace);
  const launching = backend.launch(job);
  const signals = stopOnSignals(launching);
  try {
    const launched = await launching;
    const numbers = new Set<number>();
    let last = 0;
    // A service may leave steps out of what it tells: then the curves have holes. And what one of its machines says late is no last step.
    const following = launched.follow();
    for await (const told of hosted ? following : withoutGaps(following)) {
      const { step, seconds, learned } = told;
      last = hosted ? Math.max(last, step) : step;
      numbers.add(step);
      if (alreadyStored(training, stored.get(step), told)) continue;
      const groups = told.groups_P === null ? [] : await drawn.toGroups(told);
      const metrics = told.groups_P === null ? learned : stepMetrics(groups, learned);
      const looked = {
        ...(await lookAtWinners(workspace, step, groups)),
        ...(await lookAfter(workspace, step, null)),
      };
      const summary = storeStep(training, { step, groups, metrics: { ...metrics, ...looked }, seconds });
      tellStep(training, summary);
      await watch.heed(summary);
    }
    const { folder, engine } = await launched.fetch();
    const wanted = engine.hosted?.steps ?? steps;
    if (last !== wanted) {
      throw new RunError(
        `the trainer says that it is done, and its last step is ${last}; expected ${wanted}`,
      );
    }
    if (engine.hosted) {
      // Steps of an attempt that has failed, which this one does not tell of.
      workspace.store.keepSteps(REINFORCE.name, numbers);
      if (last !== steps) {
        reporter.alarm(
          `${engine.hosted.job} has completed, and the last step that ${backend.name} told of is ${last}; training.steps is ${steps}. ` +
            'Look there whether it has trained as long as it should',
        );
      }
    }
    if (engine.hosted) await assertAnswering(workspace, engine.hosted);
    if (folder !== null) await keepWeights(workspace, folder);
    return engine;
  } finally {
    // The signal ends this process when the job has ended; until then there is nothing to say.
    if (signals.isStopping()) await new Promise(() => {});
    signals.forget();
    const launched = await launching.catch(() => null);
    await launched?.close();
    await drawn.settled();
  }
}

/**
 * Steps as a job tells of them: the next one, or one that was made again.
 *
 * @throws {RunError} one is left out: training went on from what nobody has told of.
 */
export async function* withoutGaps<T extends { step: number }>(steps: AsyncIterable<T>): AsyncGenerator<T> {
  let last = 0;
  for await (const step of steps) {
    if (step.step > last + 1) {
      throw new RunError(
        `the trainer tells of step ${step.step} after step ${last}: what it has drawn and learned in between is missing in the job's folder. ` +
          'Restore the folder from a copy, or delete its checkpoints to train again.',
      );
    }
    last = step.step;
    yield step;
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Who stops this command stops the job too, which would go on asking a judge that costs money, or wait on machines that do; it
 * resumes with the command. A job that is being started is stopped when it has been; a second signal does not wait for that.
 */
function stopOnSignals(launching: Promise<LaunchedJob>): { forget(): void; isStopping(): boolean } {
  let isStopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    isStopping = true;
    forget();
    void launching
      .then((launched) => launched.close())
      .catch(() => {})
      .finally(() => process.kill(process.pid, signal));
  };
  const forget = (): void => SIGNALS.forEach((signal) => process.off(signal, stop));
  for (const signal of SIGNALS) process.on(signal, stop);
  return { forget, isStopping: () => isStopping };
}
