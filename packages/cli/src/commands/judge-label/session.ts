import { levelsOf, type Given, type Labelling } from '@touchstone/run';
import { scaleRange, type Criterion } from '@touchstone/core';

/** What a person may ask for. */
export type Command =
  | { do: 'label'; value: Given }
  | { do: 'note'; text: string }
  | { do: 'skip' | 'undo' | 'back' | 'next' | 'help' | 'quit' };

/** One thing that is asked: a criterion of an item of an answer. */
interface Question {
  item: number;
  criterion: Criterion;
}

/** Where a person is in the sample, and what their commands do. It knows no terminal. */
export class Session {
  private at = 0;
  private question = 0;
  /** What was given in this session, in order: what `undo` takes back. */
  private readonly given: { at: number; question: number }[] = [];
  private readonly skipped = new Set<string>();
  /** How much was given when what was skipped came again: whoever skips all of it once more wants none of it. */
  private skippedAfter = -1;
  /** What the last command did, for people; empty where the screen says it. */
  said = '';
  isOver = false;

  /** @param queue keys of answers, in the order in which they are shown. */
  constructor(
    readonly labelling: Labelling,
    private readonly queue: string[],
    private readonly onSaved: () => void = () => {},
  ) {
    this.goTo(
      Math.max(
        0,
        queue.findIndex((key) => !labelling.isDone(key)),
      ),
    );
  }

  get key(): string {
    return this.queue[this.at]!;
  }
  get items(): readonly string[] {
    return this.labelling.items(this.key);
  }
  private get questions(): Question[] {
    const { criteria } = this.labelling.questions;
    return this.items.flatMap((_, item) => criteria.map((criterion) => ({ item, criterion })));
  }
  get current(): Question {
    return this.questions[this.question]!;
  }
  /** Of the current answer's questions: which is asked, from 1, and how many there are. */
  get progress(): { question: number; questions: number; done: number; answers: number } {
    return {
      question: this.question + 1,
      questions: this.questions.length,
      done: this.queue.filter((key) => this.labelling.isDone(key)).length,
      answers: this.queue.length,
    };
  }
  /** What this person has said of the item that is asked about, by criterion. */
  get ownLabels(): { criterion: string; given: Given }[] {
    const { item } = this.current;
    return this.labelling.questions.criteria.flatMap(({ name }) => {
      const given = this.labelling.given(this.key, item, name);
      return given === undefined ? [] : [{ criterion: name, given }];
    });
  }

  /** @throws {RunError} a label cannot be written: nothing has changed then. */
  run(command: Command): void {
    this.said = '';
    switch (command.do) {
      case 'label':
        return this.label(command.value);
      case 'note':
        this.labelling.note(this.key, command.text);
        this.said = 'Noted.';
        return;
      case 'skip':
        return this.skip();
      case 'undo':
        return this.undo();
      case 'back':
        return this.back();
      case 'next':
        return this.labelling.isDone(this.key) ? this.advance() : this.goTo(this.at);
      case 'help':
        return;
      case 'quit':
        this.isOver = true;
    }
  }

  private save(item: number, criterion: string, value: Given | null): void {
    this.labelling.give(this.key, item, criterion, value);
    this.onSaved();
  }

  private label(value: Given): void {
    const { item, criterion } = this.current;
    this.save(item, criterion.name, value);
    this.given.push({ at: this.at, question: this.question });
    if (this.question + 1 < this.questions.length) this.question++;
    else this.advance();
  }

  /** To the next answer that is not labelled yet; those that were skipped come last, once more. */
  private advance(): void {
    const isOpen = (key: string): boolean => !this.labelling.isDone(key);
    const isNext = (key: string): boolean => isOpen(key) && !this.skipped.has(key);
    const after = this.queue.findIndex((key, i) => i > this.at && isNext(key));
    const next = after >= 0 ? after : this.queue.findIndex(isNext);
    if (next >= 0) return this.goTo(next);
    const first = this.queue.findIndex(isOpen);
    if (first < 0 || this.skippedAfter === this.given.length) {
      this.isOver = true;
      return;
    }
    this.skippedAfter = this.given.length;
    this.skipped.clear();
    this.said = 'These were skipped.';
    this.goTo(first);
  }

  private skip(): void {
    this.skipped.add(this.key);
    this.advance();
    if (!this.isOver && this.said === '') this.said = 'Skipped: it comes again at the end.';
  }

  private undo(): void {
    const last = this.given.pop();
    if (!last) {
      this.said =
        'There is nothing to take back from this session; b goes back to an answer, and a new label replaces the old one.';
      return;
    }
    this.at = last.at;
    this.question = last.question;
    const { item, criterion } = this.current;
    this.save(item, criterion.name, null);
    this.said = `Taken back: ${criterion.name}.`;
  }

  private back(): void {
    if (this.question > 0) {
      this.question--;
      return;
    }
    if (this.at === 0) {
      this.said = 'This is the first answer.';
      return;
    }
    this.at--;
    this.question = 0;
    this.said = 'A new label replaces the old one; Enter goes on.';
  }

  /** To an answer, at the first question that is open. */
  private goTo(at: number): void {
    this.at = at;
    const open = this.questions.findIndex(
      ({ item, criterion }) => this.labelling.given(this.key, item, criterion.name) === undefined,
    );
    this.question = Math.max(0, open);
  }
}

/** Keys that do the same whatever is asked. */
const KEYS: Record<string, Command['do']> = {
  s: 'skip',
  u: 'undo',
  b: 'back',
  '': 'next',
  '?': 'help',
  q: 'quit',
};
const UNSURE = '-';

/**
 * What somebody asks for with a key, or a line.
 *
 * @returns why it is nothing, for people.
 */
export function commandOf(text: string, criterion: Criterion): Command | string {
  const word = text.trim().toLowerCase();
  if (word === UNSURE) return { do: 'label', value: 'unsure' };
  const known = Object.hasOwn(KEYS, word) ? KEYS[word] : undefined;
  if (known !== undefined && known !== 'label' && known !== 'note') return { do: known };
  if (word.startsWith('c ')) return { do: 'note', text: text.trim().slice(2).trim() };
  if (criterion.scale === 'boolean') {
    if (['y', 'yes', '1'].includes(word)) return { do: 'label', value: true };
    if (['n', 'no', '0'].includes(word)) return { do: 'label', value: false };
    return `${criterion.name} is yes or no: y or n`;
  }
  const { min, max } = scaleRange(criterion);
  const value = /^-?\d{1,3}$/.test(word) ? Number(word) : NaN;
  if (value >= min && value <= max) return { do: 'label', value };
  return `${criterion.name} goes from ${min} to ${max}`;
}

/** Whether each label is one key; else a number is typed and ended by Enter. */
export function isOneKey(criterion: Criterion): boolean {
  const { min, max } = scaleRange(criterion);
  return criterion.scale === 'boolean' || (min >= 0 && max <= 9);
}

/** For people. */
export const givenText = (given: Given): string =>
  given === 'unsure' ? 'cannot say' : given === true ? 'yes' : given === false ? 'no' : String(given);

/** What the values of a criterion mean, where somebody has said so. */
export const meanings = (criterion: Criterion): string[] =>
  criterion.scale === 'boolean'
    ? []
    : levelsOf(criterion).flatMap(({ value, meaning }) =>
        meaning === undefined ? [] : [`${String(value)}  ${meaning}`],
      );
