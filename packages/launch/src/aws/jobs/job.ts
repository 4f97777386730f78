import { systemClock } from '@touchstone/core';
import { RunError } from '@touchstone/spec';
import type { JobStep } from './metrics/log-line.js';
import { INPUTS_TAG, RUN_TAG, tagValue } from './names.js';
import type { JobRequest } from './requests/common.js';
import { PACE, patiently, type Waiting } from './wait.js';

export type { JobStep };

/** What AWS says of a job; `running` until it has ended, while it waits or is being stopped too. */
export interface JobState {
  state: 'running' | 'completed' | 'failed' | 'stopped';
  /** For people: where it is, or why it has ended. */
  detail: string;
}

/** Where the trained model is. */
export type JobResult =
  | {
      kind: 'checkpoint';
      /** S3 URI of a folder. */
      uri: string;
      /** Why nobody has looked whether it is there: AWS keeps Nova's weights in a bucket of its own. */
      unchecked: string | null;
    }
  | { kind: 'model-package'; arn: string }
  | { kind: 'custom-model'; arn: string; name: string }
  /** It answers already, under this name, where the base does. */
  | { kind: 'served'; model: string };

/** A job of one of AWS's services, by the name that its run gives it. */
export interface AwsJob {
  readonly name: string;
  /**
   * Starts it, or finds it: of an earlier process, or where the reply was lost.
   *
   * @returns its ARN, and whether it was there.
   * @throws {RunError} AWS refuses it, or another job has its name.
   */
  start(): Promise<{ arn: string; found: boolean }>;
  /** @throws {VanishedError} there is no such job. @throws {AwsError} AWS does not say. */
  status(): Promise<JobState>;
  /**
   * Its steps from the first one on, as they become known; one that was made again comes again. Ends when the job has completed, or
   * `signal` is aborted. A connection that is lost for less than an hour is no end.
   *
   * @throws {RunError} the job has failed, was stopped, or is not there any more.
   */
  steps(signal?: AbortSignal): AsyncGenerator<JobStep>;
  /** What has come out, checked to be of this job. @throws {RunError} it has not completed, or something else is there. */
  result(): Promise<JobResult>;
  /** Asks it to end. No job, or one that has ended, is as it should be. @throws {AwsError} AWS does not do it. */
  stop(): Promise<void>;
}

/** What a service has to say for its job to be followed. */
export interface Followed {
  name: string;
  status(): Promise<JobState>;
  /** The steps since the last time. @param ended how the job has ended; null: it has not, or more may come. */
  read(ended: JobState | null): Promise<JobStep[]>;
  /** What to look at when it has failed. */
  whereToLook: string;
}

/** The steps of a job until it has ended: see `AwsJob.steps`. */
export async function* followed(
  job: Followed,
  { pace = PACE, clock = systemClock }: Waiting,
  signal?: AbortSignal,
): AsyncGenerator<JobStep> {
  const known = new Map<number, string>();
  const fresh = (steps: readonly JobStep[]): JobStep[] =>
    steps.filter((step) => {
      // Each machine of a job may print what the first one prints.
      const said = JSON.stringify(step);
      const isNew = known.get(step.step) !== said;
      known.set(step.step, said);
      return isNew;
    });
  const waiting = { pace, clock, signal };
  for (let pause = pace.firstMs; ; pause = Math.min(pause * 1.5, pace.mostMs)) {
    const state = await patiently(waiting, () => job.status());
    if (!state) return;
    const hasEnded = state.state !== 'running';
    if (hasEnded) await clock.sleep(pace.settleMs, signal);
    const steps = await patiently(waiting, () => job.read(hasEnded ? state : null));
    if (!steps) return;
    for (const step of fresh(steps)) {
      yield step;
      pause = pace.firstMs;
    }
    if (state.state === 'completed') return;
    if (hasEnded) {
      throw new RunError(
        `the job ${job.name} ${state.state === 'failed' ? 'has failed' : 'was stopped'}: ${state.detail}. ${job.whereToLook}`,
      );
    }
    await clock.sleep(pause, signal);
    if (signal?.aborted) return;
  }
}

/**
 * Whether what was found under a name is what this request would make.
 *
 * @throws {RunError} it is another run's, or was made from something else.
 */
export function assertOurs(
  what: string,
  { name, run, inputs }: Omit<JobRequest<unknown>, 'body'>,
  tags: Readonly<Record<string, string>>,
): void {
  const { [RUN_TAG]: ofRun, [INPUTS_TAG]: madeFrom } = tags;
  if (ofRun !== tagValue(run)) {
    throw new RunError(
      `${what} ${name} is there already, ${ofRun === undefined ? 'without the tag of a run' : `of the run ${ofRun}`}: it is not touched. Delete it if it is not needed, or choose another run folder with --out`,
    );
  }
  if (madeFrom !== inputs) {
    throw new RunError(
      `${what} ${name} of this run was made from other settings, data or recipe than now. It is not started a second time: put the settings back to follow it, or stop it and start the next attempt`,
    );
  }
}
