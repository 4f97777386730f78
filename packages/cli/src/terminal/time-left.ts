import type { RunEvent } from '@touchstone/spec';

/** Speeds are averaged over the last 15 seconds, or over a third of the time passed, whichever is more. */
const WINDOW_MS = 15_000;
const WINDOW_SHARE = 1 / 3;
/** Updates that follow faster than this are measured together. */
const SAMPLE_MS = 50;

/**
 * Time left by the measured speed: an exponential moving average of units per millisecond over time (not over updates,
 * so that bursts do not fool it), divided by the weight it has gathered so far.
 */
export class TimeLeft {
  private readonly startedAt: number;
  private readonly doneBefore: number;
  private done: number;
  private measuredAt: number;
  private measuredDone: number;
  private speed = 0;
  private weight = 0;

  /** @param now milliseconds. @param done units already done, which say nothing about the speed. */
  constructor(now: number, done: number) {
    this.startedAt = now;
    this.measuredAt = now;
    this.doneBefore = done;
    this.measuredDone = done;
    this.done = done;
  }

  update(now: number, done: number): void {
    this.done = Math.max(this.done, done);
    const passed = now - this.measuredAt;
    if (passed < SAMPLE_MS || done <= this.measuredDone) return;
    const window = Math.max(WINDOW_MS, (now - this.startedAt) * WINDOW_SHARE);
    const share = 1 - Math.exp(-passed / window);
    this.speed += share * ((done - this.measuredDone) / passed - this.speed);
    this.weight += share * (1 - this.weight);
    this.measuredAt = now;
    this.measuredDone = done;
  }

  /**
   * Milliseconds until `total` units are done, above 0; undefined before the first measurement and when all are done. Units that
   * come in batches outlast what the last batch foretold: then the speed is that of the whole stage, silence and all.
   */
  remaining(now: number, total: number): number | undefined {
    // Of a batch that came in one instant only the first unit is measured by then.
    this.update(now, this.done);
    if (this.speed <= 0 || this.done >= total) return undefined;
    const left = (total - this.measuredDone) / (this.speed / this.weight) - (now - this.measuredAt);
    return left > 0 ? left : ((total - this.done) * (now - this.startedAt)) / (this.done - this.doneBefore);
  }
}

/** Time left of several trainings, by what those before have taken: one is like another but for its seed. */
export class TrainingsLeft {
  /** Seconds of each that has finished. */
  private readonly taken: number[] = [];
  /** Of the one at work: seconds of its stages that have ended, and when the one after began, in milliseconds. */
  private spent = 0;
  private begunAt = 0;
  private after = 0;

  /** @param now milliseconds. */
  follow(event: RunEvent, now: number): void {
    switch (event.type) {
      case 'training-started':
        this.after = event.of - event.place;
        this.spent = 0;
        this.begunAt = now;
        break;
      case 'stage-finished':
      case 'stage-skipped':
        this.spent += event.seconds;
        this.begunAt = now;
        break;
      case 'training-ended':
        if (event.problem === null) this.taken.push(this.spent);
        break;
      default:
    }
  }

  /** Milliseconds; undefined while none has finished. */
  remaining(now: number): number | undefined {
    if (this.taken.length === 0) return undefined;
    const each = (1000 * this.taken.reduce((a, b) => a + b, 0)) / this.taken.length;
    return Math.max(0, each - 1000 * this.spent - (now - this.begunAt)) + this.after * each;
  }
}
