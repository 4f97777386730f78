import type { ReadStream, WriteStream } from 'node:tty';
import { takeTerminal, type Pressed } from '../../terminal/keyboard.js';
import { cut, seen, wrap } from '../../terminal/width.js';
import { type Body, bodyOf, helpLines, questionLines, roomFor, screenOf } from './screen.js';
import { commandOf, isOneKey, type Session } from './session.js';

/** Nobody has read a new answer in less: a key within it was held down, or meant for the answer before. */
const TOO_SOON_MS = 200;
const LONGEST_NOTE = 1000;

/**
 * Labels from single keys on a terminal, which is given back when this returns or throws.
 *
 * @param signal ends it as `q` does.
 * @throws {RunError} a label cannot be written.
 */
export function askByKey(
  session: Session,
  terminal: { input: ReadStream; output: WriteStream },
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const asking = new KeyAsking(session, terminal, (error) => {
      signal.removeEventListener('abort', stop);
      if (error === undefined) resolve();
      else reject(error);
    });
    const stop = (): void => asking.end();
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
  });
}

type Mode = 'ask' | 'note' | 'help';

class KeyAsking {
  private readonly terminal;
  private body: Body = { lines: [], answerAt: 0 };
  private top = 0;
  private mode: Mode = 'ask';
  private typed = '';
  /** Which answer is shown, how wide, and since when. */
  private shown = { item: '', key: '', columns: 0, since: 0 };
  private task = '';

  constructor(
    private readonly session: Session,
    { input, output }: { input: ReadStream; output: WriteStream },
    private readonly onEnd: (error?: Error) => void,
  ) {
    this.terminal = takeTerminal(input, output, {
      onKey: (key) => this.guarded(() => this.press(key)),
      onChange: () => this.guarded(() => this.draw()),
    });
    this.guarded(() => this.draw());
  }

  end(error?: Error): void {
    this.terminal.close();
    this.onEnd(error);
  }

  private guarded(work: () => void): void {
    try {
      work();
      if (this.session.isOver) this.end();
    } catch (error) {
      this.end(error as Error);
    }
  }

  private press(key: Pressed): void {
    if (key === 'interrupt') return this.session.run({ do: 'quit' });
    if (this.mode === 'note') this.typeNote(key);
    else if (this.mode === 'help') this.mode = 'ask';
    else if (!this.move(key)) this.ask(key);
    if (!this.session.isOver) this.draw();
  }

  /** Keys that move the text. */
  private move(key: Pressed): boolean {
    const page = Math.max(1, this.room() - 2);
    const steps: Record<string, number> = {
      up: this.top - 1,
      down: this.top + 1,
      ' ': this.top + page,
      pagedown: this.top + page,
      pageup: this.top - page,
      home: 0,
      end: Infinity,
      t: 0,
      a: this.body.answerAt,
    };
    if (this.typed !== '' || !Object.hasOwn(steps, key)) return false;
    this.top = steps[key]!;
    return true;
  }

  private ask(key: Pressed): void {
    const { criterion } = this.session.current;
    if (this.typed === '' && key === 'c') {
      this.mode = 'note';
      this.typed = this.session.labelling.notes.get(this.session.key) ?? '';
      return;
    }
    if (!isOneKey(criterion) && (/^\d$/.test(key) || (this.typed !== '' && key !== 'return'))) {
      this.typed =
        key === 'backspace'
          ? this.typed.slice(0, -1)
          : /^\d$/.test(key)
            ? `${this.typed}${key}`.slice(0, 3)
            : '';
      return;
    }
    const command = commandOf(key === 'return' ? this.typed : key, criterion);
    this.typed = '';
    if (typeof command === 'string')
      this.session.said = key.length > 0 ? `${command}; ? shows all keys.` : '';
    else if (command.do === 'help') this.mode = 'help';
    else if (command.do !== 'label' || performance.now() - this.shown.since >= TOO_SOON_MS) {
      this.session.run(command);
    } else this.session.said = 'Too fast: this is another answer.';
  }

  private typeNote(key: Pressed): void {
    if (key === 'return') this.session.run({ do: 'note', text: this.typed.trim() });
    if (key === 'return' || key === 'escape') {
      this.mode = 'ask';
      this.typed = '';
    } else if (key === 'backspace') this.typed = [...this.typed].slice(0, -1).join('');
    else if ([...key].length === 1) this.typed = `${this.typed}${key}`.slice(0, LONGEST_NOTE);
  }

  private room(): number {
    return roomFor(this.session, this.terminal.size());
  }

  private draw(): void {
    const { columns, rows } = this.terminal.size();
    const { session } = this;
    if (this.mode === 'help') {
      const lines = [...helpLines(true), '', ...questionLines(session, columns), '', 'Any key goes back.'];
      this.terminal.show(lines.flatMap((line) => wrap(line, columns)).slice(0, rows));
      return;
    }
    const item = `${session.key} ${session.current.item}`;
    if (item !== this.shown.item || columns !== this.shown.columns) {
      this.body = bodyOf(session, columns);
      const { task } = session.labelling.answer(session.key);
      if (item !== this.shown.item) {
        // Whoever has read the task begins with the answer.
        const fits = this.body.lines.length <= this.room();
        this.top = task.id === this.task && !fits ? this.body.answerAt : 0;
        const isNew = session.key !== this.shown.key;
        this.shown = {
          item,
          key: session.key,
          columns,
          since: isNew ? performance.now() : this.shown.since,
        };
      }
      this.shown.columns = columns;
      this.task = task.id;
    }
    this.top = Math.max(0, Math.min(this.top, this.body.lines.length - this.room()));
    const typed =
      this.mode === 'note'
        ? `Note, then Enter: ${tail(seen(this.typed), columns - 20)}`
        : this.typed === ''
          ? ''
          : `> ${this.typed}`;
    this.terminal.show(
      screenOf(session, { body: this.body, top: this.top, columns, rows, typed: cut(typed, columns - 1) }),
    );
  }
}

/** The end of a line that is being typed. */
const tail = (text: string, columns: number): string => [...text].slice(-Math.max(1, columns)).join('');
