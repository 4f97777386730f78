import type { Progress } from '@touchstone/run';
import { TimeLeft } from './time-left.js';
import { duration, oneLine } from './text.js';

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

/** For `--json` and `--quiet`. */
export const NO_PROGRESS: Progress = {
  start: () => {},
  update: () => {},
  end: () => {},
  note: () => {},
  stop: () => {},
};

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
    // One cell stays free: a full line would wrap and could not be wiped.
    stream.write(
      [...describe(stage, now(), BAR_CELLS)].slice(0, Math.max(20, stream.columns ?? 80) - 1).join(''),
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
    update(done, extra) {
      if (stage === undefined) return;
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

interface Stage {
  name: string;
  total: number | undefined;
  done: number;
  extra: string;
  startedAt: number;
  left: TimeLeft;
}

function describe(stage: Stage, now: number, cells = 0): string {
  const { name, done, total, extra } = stage;
  const parts = [`${name}:`];
  if (total !== undefined && total > 0) {
    const share = Math.min(1, Math.max(0, done / total));
    const full = Math.floor(share * cells);
    if (cells > 0) parts.push('█'.repeat(full) + '░'.repeat(cells - full));
    parts.push(`${Math.floor(share * 100)} %,`);
  }
  if (total !== undefined || done > 0) parts.push(`${counted(done, total)},`);
  const left = total === undefined ? undefined : stage.left.remaining(now, total);
  parts.push(duration(now - stage.startedAt) + (left === undefined ? '' : `, about ${duration(left)} left`));
  if (extra !== '') parts.push(`| ${extra}`);
  return parts.join(' ');
}

const counted = (done: number, total: number | undefined): string =>
  total === undefined ? String(done) : `${done} of ${total}`;
