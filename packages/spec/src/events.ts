import type { MonitorAlarm } from './monitors.js';
import type { StepSummary } from './summary.js';

/**
 * What a run tells while it goes on. `stage` is the name that the stage is stored under, such as `train rft`; a stage
 * that throws has no end.
 */
export type RunEvent =
  /** `title` is for people; of a run with several stages it begins with the place, such as `2 of 6`. */
  | { type: 'stage-started'; stage: string; title: string }
  /** Units of work done, in all, with what an earlier process did; `total` is null where it is not known before; one that follows is an estimate. */
  | { type: 'progress'; stage: string; done: number; total: number | null; note: string }
  /** A training step is over and stored. */
  | { type: 'step'; stage: string; step: StepSummary }
  /** Wall time. `note` is for people: what came out, where there is a word for it. */
  | { type: 'stage-finished'; stage: string; seconds: number; note: string }
  /** An earlier process finished it, in so many seconds. */
  | { type: 'stage-skipped'; stage: string; seconds: number }
  /** Of a run of several trainings: what follows is of the one with this seed, the `place`th (from 1) of `of`. */
  | { type: 'training-started'; stage: string; seed: number; place: number; of: number }
  /** `problem` says why it could not go on; null: it has finished. */
  | { type: 'training-ended'; stage: string; seed: number; problem: string | null }
  /** Somebody should look at this; the run goes on, but for an alarm of a monitor that pauses it. */
  | { type: 'alarm'; stage: string; text: string; monitor?: MonitorAlarm }
  /** Training goes on although a monitor has paused it, for a reason of the user's. `step`: the last one before. */
  | { type: 'resumed'; stage: string; step: number; reason: string };

/** Called with each event as it happens, and waited for: it must be quick. What it throws ends the run. */
export type RunListener = (event: RunEvent) => void;
