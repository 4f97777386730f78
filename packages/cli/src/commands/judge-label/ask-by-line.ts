import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Io } from '../../io.js';
import { bodyOf, helpLines, labelKeys, OTHER_KEYS, questionLines, statusLine } from './screen.js';
import { commandOf, type Session } from './session.js';

const COLUMNS = 80;

/**
 * Labels from lines of text, where there is no terminal: what is asked goes to `io.err`, one line answers it. It ends where the lines do.
 *
 * @param signal ends it, too; what was given is saved.
 */
export async function askByLine(
  session: Session,
  input: Readable,
  { err }: Pick<Io, 'err'>,
  signal: AbortSignal,
): Promise<void> {
  const lines = createInterface({ input, signal });
  const write = (text: readonly string[]): void => void err.write(`${text.join('\n')}\n`);
  let shown = '';
  const show = (): void => {
    const place = `${session.key} ${session.current.item}`;
    if (place !== shown) write(['', `── ${statusLine(session)}`, ...bodyOf(session, COLUMNS).lines]);
    shown = place;
    write(['', ...questionLines(session, COLUMNS)]);
    err.write(`[${labelKeys(session)}  ${OTHER_KEYS}] `);
  };
  show();
  for await (const line of lines) {
    const command = commandOf(line, session.current.criterion);
    // What was typed is not on the screen where it came through a pipe.
    err.write('\n');
    if (typeof command === 'string') session.said = `${command}.`;
    else {
      session.run(command);
      if (command.do === 'help') write(helpLines(false));
    }
    if (session.isOver) break;
    show();
  }
  lines.close();
  if (!session.isOver) err.write('\n');
}
