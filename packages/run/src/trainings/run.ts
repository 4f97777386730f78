import { PausedError, RunError, type Summary, type TrainingsSummary } from '@touchstone/spec';
import { writeSummary } from '@touchstone/store';
import { systemClock } from '../clock.js';
import { concludeRun, stagesOf, type RunOptions } from '../pipeline.js';
import { readStage } from '../stages/stage.js';
import { evaluationOf, JUDGE, REINFORCE } from '../stages/stages.js';
import type { Workspace } from '../workspace/workspace.js';
import { SEEDS } from './ended.js';
import type { Trainings } from './open.js';
import { summariseTrainings } from './summarise.js';

export interface TrainingsOptions extends RunOptions {
  /** Told of each training that has finished, and waited for. */
  onTraining?: (training: { folder: string; summary: Summary }) => Promise<void>;
}

/** As `main-job.ts` says. */
export async function runTrainings(
  trainings: Trainings,
  options: TrainingsOptions = {},
): Promise<TrainingsSummary> {
  const { common, members, workIn } = trainings;
  const { onEvent = () => {}, onTraining, clock = systemClock } = options;
  const shared = await stagesOf(common, options);
  const stages = shared.common.length + members.length * shared.own.length;
  workIn(common);
  for (const [i, work] of shared.common.entries()) await work(`${i + 1} of ${stages}`);
  const asked = noteSeeds(trainings);

  const summaries: Summary[] = [];
  const failed: { seed: number; problem: string; cause: unknown }[] = [];
  for (const [i, member] of members.entries()) {
    const { seed } = member.config;
    const stage = `seed ${seed}`;
    onEvent({ type: 'training-started', stage, seed, place: i + 1, of: members.length });
    workIn(member);
    try {
      adopt(common, member);
      const { own } = await stagesOf(member, options);
      for (const [at, work] of own.entries()) {
        await work(`${shared.common.length + i * own.length + at + 1} of ${stages}, ${stage}`);
      }
      const summary = await concludeRun(member, options);
      summaries.push(summary);
      await onTraining?.({ folder: member.folder, summary });
      onEvent({ type: 'training-ended', stage, seed, problem: null });
    } catch (cause) {
      const problem = cause instanceof Error ? cause.message : String(cause);
      failed.push({ seed, problem, cause });
      onEvent({ type: 'training-ended', stage, seed, problem });
    }
  }
  workIn(common);
  if (failed.length > 0) {
    // A claim over those that went well would be about them alone.
    const text =
      `${summaries.length} of ${members.length} trainings have finished; ` +
      failed.map(({ seed, problem }) => `seed ${seed} could not go on: ${problem}`).join('\n') +
      '\nNothing is said of all of them before all have finished: run the same command again, and it goes on with what is left.';
    // Where all that is left was paused, somebody is asked to look, and nothing has failed.
    if (failed.every(({ cause }) => cause instanceof PausedError)) throw new PausedError(text);
    throw new RunError(text, { cause: failed[0]!.cause });
  }
  const summary = summariseTrainings(trainings, summaries, asked, clock.date());
  await writeSummary(common.folder, summary);
  return summary;
}

/**
 * Keeps what is asked for, so that the summary can say where trainings were added or left out on the way. Before any of them has come to a
 * step it leaves no trace: nothing was known that they could be chosen by.
 */
function noteSeeds({ common: { store }, members }: Trainings): number[][] {
  const wanted = members.map(({ config }) => config.seed);
  const hasBegun = members.some((member) => member.store.steps(REINFORCE.name).length > 0);
  const before = hasBegun ? (readStage(store, SEEDS)?.value ?? []) : [];
  if (before.at(-1)?.join() === wanted.join()) return before;
  const asked = [...before, wanted];
  store.finishStage(SEEDS.name, 0, asked);
  return asked;
}

/** Gives a training what does not depend on its seed, as if it had done it itself: what is examined and paid for once is the same to all. */
function adopt({ store: from }: Workspace, { store: to }: Workspace): void {
  const base = evaluationOf('base').name;
  if (to.stage(base)) return;
  to.putRollouts(base, 0, from.rollouts(base));
  for (const name of [JUDGE.name, base]) to.finishStage(name, 0, from.stage(name)!.value);
}
