import { Watch } from '@touchstone/lab';
import {
  alarmText,
  InputError,
  PausedError,
  pauses,
  type MonitorAlarm,
  type StepSummary,
} from '@touchstone/spec';
import { setTimeout as sleep } from 'node:timers/promises';
import { monitorAlarms, openPauses } from '../stages/alarms.js';
import { ask, askedOf, type Asked } from './asked.js';
import { rollBack } from './roll-back.js';
import type { Training } from './trainer.js';

/** A training that is watched. */
export interface Watching {
  /**
   * Tells what is wrong at a step that is stored, and stops where that is asked for.
   *
   * @param keep sees to it that training can go on from this step; asked before it stops.
   * @throws {PausedError} a monitor has stopped the training.
   */
  heed(step: StepSummary, keep?: () => Promise<void>): Promise<void>;
}

interface Options {
  /** Steps of run.db that training goes on after, in order. */
  before: readonly StepSummary[];
  /** Whether stopping here stops the training: where it does not, an alarm that would pause it is a warning. */
  canPause: boolean;
}

/**
 * Watches a training with the monitors of its configuration. What was told before it was stopped is not told again, and what a kill
 * kept from being told is told now.
 *
 * @throws {PausedError} a monitor has stopped it, and there is no reason to go on.
 * @throws {InputError} the reason is blank.
 */
export async function watchTraining(training: Training, { before, canPause }: Options): Promise<Watching> {
  const { workspace, reporter, goOn } = training;
  const { config, store } = workspace;
  const { prompts_per_step, group_size, steps } = config.training;
  assertReason(goOn);
  const told = new Set(monitorAlarms(store).map(nameOf));
  const watch = new Watch(config.monitors, {
    answersPerStep: prompts_per_step * group_size,
    steps,
  });
  const alarmsOf = (step: StepSummary): MonitorAlarm[] =>
    watch
      .see(step)
      .filter((alarm) => !told.has(nameOf(alarm)))
      .map((alarm) => (pauses(alarm) && !canPause ? { ...alarm, action: 'warn' } : alarm));
  for (const alarm of before.flatMap(alarmsOf)) reporter.monitor(alarm);
  const open = openPauses(store);
  if (open.length > 0) {
    if (goOn === undefined) throw await paused(training, open);
    reporter.resumed(open.at(-1)!.step, goOn);
  }
  return {
    async heed(step, keep) {
      const alarms = alarmsOf(step);
      const stopping = alarms.filter(pauses);
      // Once it is told it is final: by then there must be something to go on from.
      if (stopping.length > 0) await keep?.();
      for (const alarm of alarms) reporter.monitor(alarm);
      if (stopping.length > 0) throw await paused(training, stopping);
      const asked = canPause ? await waitWhileAsked(training) : null;
      if (asked !== 'roll-back') return;
      await keep?.();
      const alarm = askedFor(step.step);
      reporter.monitor(alarm);
      await ask(workspace.folder, null);
      throw await paused(training, [alarm]);
    },
  };
}

/** What somebody beside the run has asked for, told as a monitor's alarm is. */
const askedFor = (step: number): MonitorAlarm => ({
  monitor: 'asked',
  step,
  value: 1,
  threshold: 0,
  action: 'rollback',
  reason: 'somebody has asked for it from beside the run (touchstone watch --roll-back).',
});

/** Waits until nobody asks it to. @returns what is asked instead. */
async function waitWhileAsked({ workspace, reporter }: Training): Promise<Asked | null> {
  let asked = await askedOf(workspace.folder);
  if (asked === 'pause')
    reporter.alarm('Training waits, as "touchstone watch --pause" has asked; --go-on lets it go on.');
  for (; asked === 'pause'; asked = await askedOf(workspace.folder)) await sleep(LOOK_MS);
  return asked;
}
const LOOK_MS = 200;

const nameOf = ({ monitor, step }: MonitorAlarm): string => `${monitor} ${step}`;

/** What stops the command; where weights are to be taken back, they have been, also if a kill came between the alarm and that. */
async function paused({ workspace }: Training, alarms: readonly MonitorAlarm[]): Promise<PausedError> {
  const step = alarms.reduce((last, alarm) => Math.max(last, alarm.step), 0);
  const back = alarms.some(({ action }) => action === 'rollback') ? await rollBack(workspace, step) : null;
  return new PausedError(
    [
      `Training is paused after step ${step}:`,
      ...alarms.map((alarm) => `  ${alarmText(alarm)}`),
      ...(back === null ? [] : [back]),
      'Look at answers of the last steps and at the judge, then go on with the same command and --go-on "REASON", which goes into the report.',
    ].join('\n'),
  );
}

function assertReason(goOn: string | undefined): void {
  if (goOn?.trim() !== '') return;
  throw new InputError([{ message: '--go-on: expected a reason, got nothing. It goes into the report.' }]);
}
