import { canonical, type Criterion } from '@touchstone/core';
import { InputError, type JsonValue } from '@touchstone/spec';
import { sha256 } from '@touchstone/store';
import type { Entry, Given, Journal } from './journals.js';
import { levelsOf, type Questions } from './questions.js';
import type { SampleAnswer } from './sample.js';

type Label = Pick<Entry, 'answer' | 'item' | 'criterion' | 'value'>;

/** Digits of the hash: enough that no other text has it by chance. */
const DIGITS = 16;

/**
 * Holds the labels of journals against what is asked today: a number that is not on the scale, or a label that was given to another text, would count as
 * any other.
 */
export class Holding {
  private readonly byName: ReadonlyMap<string, Criterion>;

  constructor(
    private readonly questions: Pick<Questions, 'criteria' | 'sectionsOf'>,
    private readonly answerOf: (key: string) => SampleAnswer | undefined,
    private readonly itemsOf: (key: string) => readonly string[],
  ) {
    this.byName = new Map(questions.criteria.map((criterion) => [criterion.name, criterion]));
  }

  /** Of what was shown, what was asked and what was said; undefined: nothing of today's sample or criteria. */
  hashOf({ answer: key, item, criterion: name, value }: Label): string | undefined {
    const [answer, criterion] = [this.answerOf(key), this.byName.get(name)];
    const text = answer && this.itemsOf(key)[item];
    if (!criterion || text === undefined) return undefined;
    const sections = this.questions.sectionsOf(answer!.task).map((section) => [section.title, section.text]);
    const asked = [
      name,
      criterion.question,
      criterion.scale,
      criterion.anchors ?? null,
      levelValues(criterion),
    ];
    return sha256(canonical([sections, answer!.response, text, item, ...asked, value] as JsonValue)).slice(
      0,
      DIGITS,
    );
  }

  /** What is wrong with a label; null: nothing, or it is of nothing that is asked today. */
  readonly hold = (entry: Entry): string | null => {
    const criterion = this.byName.get(entry.criterion);
    if (!criterion || !this.answerOf(entry.answer)) return null;
    const values = levelValues(criterion);
    if (entry.value !== null && entry.value !== 'unsure' && !values.includes(entry.value)) {
      const scale =
        values.length > 2 ? `a whole number from ${values[0]} to ${values.at(-1)}` : values.join(' or ');
      return (
        `${JSON.stringify(entry.criterion)}: expected ${scale}, "unsure" or null, got ${JSON.stringify(entry.value)}: ` +
        'it is of another scale, or was written by hand. Take the line out and label the answer again'
      );
    }
    if (entry.asked === undefined || entry.asked === this.hashOf(entry)) return null;
    const others: (Given | null)[] = [...values, 'unsure', null];
    return others.some((value) => this.hashOf({ ...entry, value }) === entry.asked)
      ? `${JSON.stringify(entry.criterion)}: the value is not the one that was given: restore the file from a copy, or take the line out and label the answer again`
      : `${JSON.stringify(entry.criterion)} of answer ${JSON.stringify(entry.answer)}: the task or what is shown of it ("inputs" of the judge), the answer, the question or its scale has changed since this label was given, so it says nothing of them: ` +
          'change it back, or begin anew with --out';
  };

  /** Of a journal what could not be held against anything, for people. */
  unheld(file: string, entries: readonly Entry[]): string[] {
    const [strange, bare] = [
      entries.filter((entry) => this.hashOf(entry) === undefined).length,
      entries.filter((entry) => entry.asked === undefined && this.hashOf(entry) !== undefined).length,
    ];
    return [
      ...(strange > 0
        ? [
            `${file}: ${strange} labels are of answers or criteria that are not in this folder's sample; they are left out`,
          ]
        : []),
      ...(bare > 0
        ? [
            `${file}: ${bare} labels do not say what was asked, so nobody can tell whether that has changed since`,
          ]
        : []),
    ];
  }
}

const levelValues = (criterion: Criterion): Given[] => levelsOf(criterion).map(({ value }) => value);

/**
 * Two people who agree in the very moment of every label are one.
 *
 * @throws {InputError} two journals have a line in common.
 */
export function assertNoCopies(
  people: readonly (Pick<Journal, 'file'> & { entries: readonly Entry[] })[],
): void {
  const seen = new Map<string, string>();
  for (const { file, entries } of people)
    for (const { time, answer, item, criterion, value } of entries) {
      const line = canonical([time, answer, item, criterion, value]);
      const before = seen.get(line);
      if (before !== undefined && before !== file && time !== '')
        throw InputError.at(
          { file },
          `expected the labels of one person, and one of ${time} is in ${before} too: a file was copied under another name. Take one of them away`,
        );
      seen.set(line, file);
    }
}
