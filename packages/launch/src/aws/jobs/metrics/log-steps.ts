import { type JobStep, type LogLine, parseLogLine, withoutTail } from './log-line.js';

/**
 * Reads the steps in one stream of a log as its events come. A line may come in two events, or lose its end where a process is killed, and
 * half a number looks like one: so a line counts when what follows is not its rest.
 */
export class LogSteps {
  private held: LogLine | null = null;
  /** Of the last line with a step: all have the same key at their end. */
  private shape: Pick<LogLine, 'tail' | 'count'> | null = null;
  /** The line before had a step and was damaged: what follows may be its rest. */
  private wasDamaged = false;

  /** The steps that are known to be whole after one more event. */
  push(message: string): JobStep[] {
    const lines = message.split(/\r?\n/);
    return lines.flatMap((line, i) => {
      if (line.trim() === '') return [];
      const before = this.line(line);
      // A line break says that this was all of it.
      return i < lines.length - 1 ? [...before, ...this.release()] : before;
    });
  }

  /** The rest, after the last event. @param completed the job has ended by itself, and was not killed in the middle of a line. */
  end(completed: boolean): JobStep[] {
    const { held, shape } = this;
    this.held = null;
    if (!held || !completed || (shape && shape.tail !== held.tail)) return [];
    return [withoutTail(held)];
  }

  private line(line: string): JobStep[] {
    if (this.held && isRest(line)) {
      this.held = null;
      return [];
    }
    const steps = this.release();
    const before = this.wasDamaged;
    this.wasDamaged = false;
    if (before) return steps;
    const found = parseLogLine(line);
    if (found === 'damaged') this.wasDamaged = true;
    else this.held = found;
    return steps;
  }

  private release(): JobStep[] {
    const { held, shape } = this;
    this.held = null;
    if (!held) return [];
    this.shape = held;
    // Fewer figures than before, and another one last: its end has been lost on the way.
    if (shape && shape.tail !== held.tail && held.count < shape.count) return [];
    const { step, metrics, seconds } = held;
    return [{ step, metrics, seconds }];
  }
}

/** Whether a line begins as the rest of one with figures does: in a number, or before the next figure. */
const isRest = (line: string): boolean => /^\s*[\d.eE+-]*\)?\s*(?:-(?:\s|$)|\||$)/.test(line);
