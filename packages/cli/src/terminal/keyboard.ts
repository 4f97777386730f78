import { emitKeypressEvents, type Key } from 'node:readline';
import type { ReadStream, WriteStream } from 'node:tty';

/** A terminal that a command has for itself: each key as it is pressed, and the whole screen. */
export interface Terminal {
  size(): { columns: number; rows: number };
  /** Shows these lines, from the top; the cursor stands behind the last. */
  show(lines: readonly string[]): void;
  /** Gives the terminal back as it was. */
  close(): void;
}

/** A key: a letter as it is written, or the name of one that writes none, such as `up`. */
export type Pressed = string;

const OTHER_SCREEN = '\x1b[?1049h';
const OWN_SCREEN = '\x1b[?1049l';
const HOME = '\x1b[H';
const END_OF_LINE = '\x1b[K';
const REST_OF_SCREEN = '\x1b[J';
const CTRL_C = '\x03';
const CTRL_Z = '\x1a';

/**
 * Takes a terminal: raw keys, and its other screen. It is given back by `close`, and however the process ends but for SIGKILL. Ctrl+Z stops the
 * process as it does others; when it goes on, `onChange` is called, as it is when the window has another size.
 *
 * @param onKey is given Ctrl+C too, as `interrupt`: the terminal does not act on it.
 */
export function takeTerminal(
  input: ReadStream,
  output: WriteStream,
  { onKey, onChange }: { onKey: (key: Pressed) => void; onChange: () => void },
): Terminal {
  let isTaken = false;
  const take = (): void => {
    input.setRawMode(true);
    output.write(OTHER_SCREEN);
    isTaken = true;
  };
  const give = (): void => {
    if (!isTaken) return;
    isTaken = false;
    // A terminal is written to at once, also at the end of the process.
    try {
      output.write(OWN_SCREEN);
      input.setRawMode(false);
    } catch {
      // The terminal is gone.
    }
  };
  const goOn = (): void => {
    take();
    onChange();
  };
  const pressed = (text: string | undefined, key: Key): void => {
    if (text === CTRL_Z || key.sequence === CTRL_Z) {
      give();
      process.once('SIGCONT', goOn);
      // The whole group, as the terminal would: a shell waits for what started this process, too.
      process.kill(0, 'SIGTSTP');
      return;
    }
    if (text === CTRL_C || key.sequence === CTRL_C) return onKey('interrupt');
    const isText = text !== undefined && !/\p{Cc}/u.test(text) && key.ctrl !== true && key.meta !== true;
    onKey(isText ? text : (key.name ?? ''));
  };
  emitKeypressEvents(input);
  input.on('keypress', pressed);
  output.on('resize', onChange);
  process.on('exit', give);
  take();
  input.resume();
  return {
    size: () => ({ columns: Math.max(20, output.columns || 80), rows: Math.max(8, output.rows || 24) }),
    show: (lines) => {
      const drawn = lines.map((line, i) => `${line}${END_OF_LINE}${i < lines.length - 1 ? '\r\n' : ''}`);
      output.write(HOME + drawn.join('') + REST_OF_SCREEN);
    },
    close: () => {
      input.off('keypress', pressed);
      output.off('resize', onChange);
      process.off('exit', give);
      process.off('SIGCONT', goOn);
      give();
      input.pause();
    },
  };
}
