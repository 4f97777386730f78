import type { RunListener } from '@touchstone/spec';
import { TimeLeft, TrainingsLeft } from './time-left.js';
import { duration, oneLine } from './text.js';

/** What is happening and how long it will take. One stage at a time. */
export interface Progress {
  /**
   * Starts a stage; the one before must have ended.
   *
   * @param total units of work in all, when known: only then is there a bar and a time left.
   * @param done units that an earlier run has left done; they do not count for the speed.
   */
  start(name: string, total?: number, done?: number): void;
  /**
   * @param done units done so far, in all. @param extra a few words, such as the latest reward. @param estimate of the total, where the
   *   stage started without one; it may change.
   */
  update(done: number, extra?: string, estimate?: number): void;
  /** Ends the stage and leaves a line that says what it took. */
  end(extra?: string): void;
  /** Writes a line for people above the bar. */
  note(text: string): void;
  /** Stops drawing and leaves the last state standing: before an error is printed, or at the end of the program. */
  stop(): void;
}

/** Where progress is drawn: standard error, as a rule, so that results can be piped. */
export interface ProgressStream {
  write(text: string): unknown;
  isTTY?: boolean | undefined;
  columns?: number | undefined;
}

const REDRAW_MS = 100;
const HEARTBEAT_MS = 1000;
const PLAIN_LINE_MS = 5000;
const BAR_CELLS = 24;

/**
 * Progress as one line that is redrawn on a terminal, and as a plain line every five seconds elsewhere.
 *
 * @param now milliseconds on a clock that only goes forward.
 */
export function createProgress(
  stream: ProgressStream,
  now: () => number = () => performance.now(),
): Progress {
  const terminal = stream.isTTY === true;
  let stage: Stage | undefined;
  let drawnAt = -Infinity;
  let onScreen = false;
  let heartbeat: NodeJS.Timeout | undefined;

  const line = (text: string): void => void stream.write(`${text}\n`);
  const wipe = (): void => {
    if (onScreen) stream.write('\r\x1b[2K');
    onScreen = false;
  };
  const draw = (every: number): void => {
    if (stage === undefined || now() - drawnAt < every) return;
    drawnAt = now();
    if (!terminal) return line(describe(stage, now()));
    wipe();
    // One cell stays free: a full line would wrap and could not be wiped. A terminal that does not know its width says 0.
    stream.write(
      [...describe(stage, now(), BAR_CELLS)].slice(0, Math.max(20, stream.columns || 80) - 1).join(''),
    );
    onScreen = true;
  };
  const stop = (): void => {
    clearInterval(heartbeat);
    heartbeat = undefined;
    if (onScreen) line('');
    onScreen = false;
    stage = undefined;
  };

  return {
    start(name, total, done = 0) {
      stop();
      stage = {
        name: oneLine(name),
        total,
        done,
        extra: '',
        startedAt: now(),
        left: new TimeLeft(now(), done),
      };
      drawnAt = terminal ? -Infinity : now();
      draw(REDRAW_MS);
      // Also when a single unit takes long, the reader sees that time goes on.
      heartbeat = setInterval(() => draw(terminal ? HEARTBEAT_MS : PLAIN_LINE_MS), HEARTBEAT_MS);
      heartbeat.unref();
    },
    update(done, extra, estimate) {
      if (stage === undefined) return;
      if (estimate !== undefined) stage.estimate = Math.max(done, estimate);
      stage.left.update(now(), done);
      stage.done = done;
      if (extra !== undefined) stage.extra = oneLine(extra);
      draw(terminal ? REDRAW_MS : PLAIN_LINE_MS);
    },
    end(extra) {
      if (stage === undefined) return;
      wipe();
      const { name, done, total, startedAt } = stage;
      const count = total === undefined && done === 0 ? '' : `, ${counted(done, total)}`;
      const words = oneLine(extra ?? stage.extra);
      line(`${name}: done in ${duration(now() - startedAt)}${count}${words === '' ? '' : `, ${words}`}`);
      stop();
    },
    note(text) {
      wipe();
      line(oneLine(text));
      if (terminal) draw(0);
    },
    stop,
  };
}

/** Shows the events of a run as progress; of several trainings with the time that all of them are about to take. */
export function showEvents(progress: Progress, now: () => number = () => performance.now()): RunListener {
  let title = '';
  let isDrawn = false;
  let note = '';
  const all = new TrainingsLeft();
  const withAllLeft = (): string => {
    const left = all.remaining(now());
    const text = left === undefined ? '' : `about ${duration(Math.max(1000, left))} left in all`;
    return [note, text].filter((part) => part !== '').join(', ');
  };
  return (event) => {
    all.follow(event, now());
    switch (event.type) {
      case 'stage-started':
        ({ title } = event);
        isDrawn = false;
        note = '';
        break;
      case 'progress':
        ({ note } = event);
        if (isDrawn) progress.update(event.done, withAllLeft(), event.total ?? undefined);
        else progress.start(title, event.total ?? undefined, event.done);
        isDrawn = true;
        break;
      case 'stage-finished':
        progress.end(event.note === '' ? note : event.note);
        break;
      case 'training-ended':
        progress.note(
          `${event.stage}: ${event.problem === null ? 'finished' : `could not go on: ${event.problem}`}`,
        );
        break;
      case 'alarm':
        progress.note(event.text);
        break;
      default: // A skipped stage takes no time, and a step is told as progress too.
    }
  };
}

interface Stage {
  name: string;
  total: number | undefined;
  /** In place of a total that is not known. */
  estimate?: number;
  done: number;
  extra: string;
  startedAt: number;
  left: TimeLeft;
}

function describe(stage: Stage, now: number, cells = 0): string {
  const { name, done, extra } = stage;
  const total = stage.total ?? stage.estimate;
  const parts = [`${name}:`];
  if (total !== undefined && total > 0) {
    const share = Math.min(1, Math.max(0, done / total));
    const full = Math.floor(share * cells);
    if (cells > 0) parts.push('█'.repeat(full) + '░'.repeat(cells - full));
    parts.push(`${Math.floor(share * 100)} %,`);
  }
  if (total !== undefined || done > 0) parts.push(`${counted(done, total, stage.total === undefined)},`);
  const left = total === undefined ? undefined : stage.left.remaining(now, total);
  const foretold = left === undefined ? '' : `, about ${duration(Math.max(1000, left))} left`;
  parts.push(duration(now - stage.startedAt) + foretold);
  if (extra !== '') parts.push(`| ${extra}`);
  return parts.join(' ');
}

const counted = (done: number, total: number | undefined, isEstimate = false): string =>
  total === undefined ? String(done) : `${done} of ${isEstimate ? 'about ' : ''}${total}`;
