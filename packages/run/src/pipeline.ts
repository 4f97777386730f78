import type { GateReasons } from '@touchstone/lab';
import type { RunEvent, RunListener, Summary } from '@touchstone/spec';
import { removePartials, writeSummary } from '@touchstone/store';
import { systemClock, type Clock } from './clock.js';
import { checkpointFolder } from './stages/checkpoints.js';
import { evaluate } from './stages/evaluate.js';
import { examine, passGate } from './stages/examine.js';
import { stageRunner } from './stages/stage.js';
import { evaluationOf, JUDGE, REINFORCE, SUPERVISE } from './stages/stages.js';
import { summarise } from './stages/summarise.js';
import { removeLooks, supervisedCheckpointFolder } from './stages/supervised-checkpoints.js';
import { supervise, supervisedPolicy } from './stages/supervise.js';
import { embedded } from './training/embedded.js';
import type { Backend } from './training/backend.js';
import { trainerOf } from './training/outside.js';
import { nothingTaught } from './training/taught.js';
import { trainerNamed } from './training/trainer.js';
import { evalIsTrained } from './workspace/held-out.js';
import type { Workspace } from './workspace/workspace.js';

export interface RunOptions {
  /** Told what happens while it happens. */
  onEvent?: RunListener;
  /** Why training goes on although the gate has not passed; it goes into the summary. */
  reasons?: GateReasons;
  /** Why training goes on although a monitor has paused it; it goes into the summary. */
  goOn?: string | undefined;
  /** PEM of an Ed25519 key that signs the certificate. Default: it is not signed. */
  signingKey?: string | undefined;
  /** Who may train beside the engine of this package: `training.backend` chooses. */
  backends?: readonly Backend[];
  /** Default: the machine's. */
  clock?: Clock;
}

/** As `main-job.ts` says. */
export async function runPipeline(workspace: Workspace, options: RunOptions = {}): Promise<Summary> {
  const { common, own } = await stagesOf(workspace, options);
  const stages = [...common, ...own];
  for (const [i, work] of stages.entries()) await work(`${i + 1} of ${stages.length}`);
  return concludeRun(workspace, options);
}

/** One stage, to be done in its place, such as `2 of 6`. */
type Work = (place: string) => Promise<unknown>;

/** The stages of a run, in their order: those that do not depend on the seed of a training, and those of the training. */
export async function stagesOf(
  workspace: Workspace,
  options: RunOptions,
): Promise<{ common: Work[]; own: Work[] }> {
  const { config, folder, store, data } = workspace;
  const { onEvent = () => {}, reasons = {}, goOn, signingKey, backends = [], clock = systemClock } = options;
  const trainer = trainerNamed(config.training.backend, [embedded, ...backends.map(trainerOf)]);
  const listener = (event: RunEvent): void => {
    if (IN_HISTORY.has(event.type)) store.putEvent(event, clock.date().toISOString());
    onEvent(event);
  };
  const stage = stageRunner(store, listener, clock);

  const written = [folder, checkpointFolder(workspace), supervisedCheckpointFolder(workspace)];
  for (const within of written) await removePartials(within);
  store.putTasks('train', data.train);
  if (data.validation.length > 0) store.putTasks('validation', data.validation);
  store.putTasks('eval', data.eval);
  if (!store.stage(REINFORCE.name)) await trainer.prepare?.(workspace);
  const { sft } = config.training;
  const common = [
    stage(JUDGE, async (reporter) => {
      if (evalIsTrained(workspace)) reporter.alarm(EVAL_TRAINED);
      return passGate(await examine(workspace, { clock, signingKey }, reporter), reasons, reporter);
    }),
    stage(evaluationOf('base'), (reporter) => evaluate(workspace, workspace.policy, 'base', reporter)),
  ];
  const own = [
    stage(
      REINFORCE,
      async (reporter) => {
        const engine = await trainer.train({ workspace, reporter, clock, goOn });
        const nothing = nothingTaught(store.steps(REINFORCE.name));
        if (nothing !== null) reporter.alarm(nothing);
        return engine;
      },
      () => trainer.isTrained(workspace),
    ),
    stage(evaluationOf('rft'), async (reporter) =>
      evaluate(workspace, await trainer.policy(workspace), 'rft', reporter),
    ),
    ...(sft
      ? [
          stage(SUPERVISE, (reporter) => supervise(workspace, sft, reporter, clock)),
          stage(evaluationOf('sft'), async (reporter) => {
            const policy = await supervisedPolicy(workspace);
            await removeLooks(workspace);
            return evaluate(workspace, policy, 'sft', reporter);
          }),
        ]
      : []),
  ];
  return { common, own };
}

/** When every stage has ended. */
export async function concludeRun(
  workspace: Workspace,
  { clock = systemClock }: RunOptions,
): Promise<Summary> {
  const summary = summarise(workspace, clock.date());
  await writeSummary(workspace.folder, summary);
  return summary;
}

const EVAL_TRAINED =
  'data.eval is data.train: its tasks are trained on, so what they show is no gain on tasks that are new to the model. Hold some out, in a file of their own.';

/** What run.db keeps: which stage is at work is nowhere else, while a step is, and progress is out of date at once. */
const IN_HISTORY: ReadonlySet<RunEvent['type']> = new Set([
  'stage-started',
  'stage-finished',
  'stage-skipped',
  'alarm',
  'resumed',
]);
