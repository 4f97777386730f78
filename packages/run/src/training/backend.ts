import type { RewardFunction } from '@touchstone/core';
import type { EngineRecord, Task } from '@touchstone/spec';
import type { StepMetrics } from '@touchstone/train';
import type { Finding } from '../doctor/finding.js';
import type { Workspace } from '../workspace/workspace.js';
import type { Trainer } from './trainer.js';

/** What somebody else's trainer is to do. */
export interface TrainingJob {
  workspace: Workspace;
  /** Id of the run: what belongs to another one is refused. */
  run: string;
  /** Where the backend keeps what is its own; it resumes from what it finds there. */
  folder: string;
  /** The tasks of a step, 1-based: all of them are asked about, and no others. */
  tasksOf(step: number): Task[];
  /** Hash of the certificate that the judge has been given in this run; null before it is examined. */
  certificate: string | null;
  /** AdamW as this package has it, for trainers that have it too. */
  adamw: { beta1: number; beta2: number; epsilon: number };
  /**
   * The reward for the trainer's server: it knows the run's tasks by their ids and takes nothing but the answers from outside.
   */
  reward: RewardFunction;
  /** Says what somebody should look at, while the job goes on. */
  alarm(text: string): void;
}

/** A setting of the user's, and what the backend makes of it. */
export interface Counterpart {
  /** Its place in `touchstone.yaml`. */
  setting: string;
  /** As it is configured, for people. */
  value: string;
  /** What it is called there with its value; null: there is no such thing. */
  becomes: string | null;
  /** What else there is to know: what happens where there is no counterpart. */
  note: string;
}

/** Files that are there and settings that were translated; nothing was sent and nothing started. */
export interface BackendPlan {
  /** By their paths in the job's folder, with what each is. */
  files: { path: string; about: string }[];
  settings: Counterpart[];
  /** What a reader should know before he agrees. */
  remarks?: string[];
  /** What it costs beside the calls of judges. */
  costs?: PlannedCost[];
  /** Answers that may be drawn and judged where a setting can be read in another way than ours; absent: it cannot. */
  answersAtMost?: number;
}

export interface PlannedCost {
  what: string;
  /** How much of it, for people. */
  amount: string;
  /** US dollars at most; null: a price is missing. */
  money: number | null;
  /** Where there is something to say, such as which price is missing. */
  note: string;
}

/** An answer that the trainer drew, and what it learned from. */
export interface DrawnAnswer {
  text: string;
  tokens: number;
  finish: 'stop' | 'length';
  /** The reward that the trainer was given, 0–1; null: none, for `reason`. */
  score: number | null;
  reason: string;
}

/** A step that the trainer says it has made. */
export interface DrawnStep {
  /** 1-based. */
  step: number;
  /** Figures of the update by our names; those without one by the trainer's, with its name in front. */
  learned: StepMetrics;
  /** The mean reward that the trainer has logged, to hold against what it was given; null where it has none. */
  loggedReward: number | null;
  seconds: number;
  groups_P: { task: string; answers_G: DrawnAnswer[] }[];
}

/** A step of a service that shows no answers: `learned` has what it says of their rewards too, under our names. */
export interface ToldStep extends Omit<DrawnStep, 'groups_P' | 'loggedReward'> {
  groups_P: null;
}

/** A job that is at work, or has been. */
export interface LaunchedJob {
  /**
   * Its steps from the first one on, those of earlier processes too; a step that was made again comes again. Ends when the job has
   * trained to the last step.
   *
   * @throws {RunError} the job has failed, or what it writes is not what it should be.
   */
  follow(): AsyncIterable<DrawnStep | ToldStep>;
  /**
   * What has come out: a Hugging Face folder, checked to be what the job wrote; null where `engine.hosted` names the model.
   *
   * @throws {RunError} it is not.
   */
  fetch(): Promise<{ folder: string | null; engine: EngineRecord }>;
  /** Ends a job of this run's machines where it has not ended by itself, and lets go of what this process holds for it. */
  close(): Promise<void>;
}

/** Somebody else's trainer. `@touchstone/launch` has the table of them. */
export interface Backend {
  name: Trainer['name'];
  /** Writes the job's files. @throws {InputError} a setting cannot be had there. */
  plan(job: TrainingJob): Promise<BackendPlan>;
  /** Whether the job that is planned can run; each finding that has failed says what to do. */
  preflight(job: TrainingJob): Promise<Finding[]>;
  /** Starts the job that is planned, or finds the one that was started. @throws {RunError} neither is possible. */
  launch(job: TrainingJob): Promise<LaunchedJob>;
}
