import {
  alarmText,
  RunError,
  type JsonValue,
  type MonitorAlarm,
  type RunListener,
  type StepSummary,
} from '@touchstone/spec';
import type { RunStore } from '@touchstone/store';
import { z } from 'zod';
import type { Clock } from '../clock.js';

/** A part of a run that is not done again once it has finished. */
export interface Stage<T extends JsonValue> {
  /** What it is stored under. */
  name: string;
  /** For people. */
  title: string;
  /** What it leaves for later stages. */
  schema: z.ZodType<T>;
}

/**
 * What a finished stage has left, perhaps in an earlier process; undefined where it has not finished.
 *
 * @throws {RunError} what is stored is not what the stage leaves.
 */
export function readStage<T extends JsonValue>(
  store: RunStore,
  { name, schema }: Stage<T>,
): { seconds: number; value: T } | undefined {
  const stored = store.stage(name);
  if (!stored) return undefined;
  const { success, data, error } = schema.safeParse(stored.value);
  if (success) return { seconds: stored.seconds, value: data };
  throw new RunError(
    `What the stage "${name}" left in run.db is not what this version of Touchstone reads:\n${z.prettifyError(error)}\n` +
      'Go on with the version that wrote it, or choose another folder with --out.',
    { cause: error },
  );
}

/** What is told of a stage while it works. */
export class StageReporter {
  private readonly begun: number;
  private isFinished = false;

  /** Tells that the stage has started. */
  constructor(
    private readonly stage: Pick<Stage<JsonValue>, 'name' | 'title'>,
    private readonly listener: RunListener,
    private readonly clock: Clock,
  ) {
    this.begun = clock.seconds();
    listener({ type: 'stage-started', stage: stage.name, title: stage.title });
  }

  /** @param done units in all, with those of an earlier process. @param total null where it is not known. */
  progress(done: number, total: number | null, note = ''): void {
    this.listener({ type: 'progress', stage: this.stage.name, done, total, note });
  }

  step(step: StepSummary): void {
    this.listener({ type: 'step', stage: this.stage.name, step });
  }

  alarm(text: string): void {
    this.listener({ type: 'alarm', stage: this.stage.name, text });
  }

  /** A monitor's alarm. */
  monitor(monitor: MonitorAlarm): void {
    this.listener({ type: 'alarm', stage: this.stage.name, text: alarmText(monitor), monitor });
  }

  /** Training that a monitor had paused after a step goes on. */
  resumed(step: number, reason: string): void {
    this.listener({ type: 'resumed', stage: this.stage.name, step, reason });
  }

  /** The work is done; said once, by the work itself where it has a word for what came out. */
  finish(note = ''): void {
    if (this.isFinished) return;
    this.isFinished = true;
    const seconds = this.clock.seconds() - this.begun;
    this.listener({ type: 'stage-finished', stage: this.stage.name, seconds, note });
  }
}

/**
 * Plans the stages of a run, to be done in their place, such as `2 of 6`: those that have finished are skipped, those that finish
 * are stored with what they leave. `stillHolds` is asked of a stage that leaves files: where they are gone or changed, it is done again.
 */
export function stageRunner(store: RunStore, listener: RunListener, clock: Clock) {
  return <T extends JsonValue>(
      stage: Stage<T>,
      work: (reporter: StageReporter) => Promise<NoInfer<T>>,
      stillHolds: () => Promise<boolean> = () => Promise.resolve(true),
    ) =>
    async (place: string): Promise<T> => {
      const finished = readStage(store, stage);
      if (finished && (await stillHolds())) {
        listener({ type: 'stage-skipped', stage: stage.name, seconds: finished.seconds });
        return finished.value;
      }
      const begun = clock.seconds();
      const title = `${place}, ${stage.title}`;
      const reporter = new StageReporter({ name: stage.name, title }, listener, clock);
      // Parsed, so that what is stored is what a later process can read.
      const value = stage.schema.parse(await work(reporter));
      reporter.finish();
      store.finishStage(stage.name, clock.seconds() - begun, value);
      return value;
    };
}
