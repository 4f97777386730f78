import { join } from 'node:path';
import { weightsOfLabelled, agreementOfLabels, queueOf, type LabelAgreement } from '@touchstone/lab';
import type { Criterion, LabelledAnswer, Labels } from '@touchstone/core';
import type { JsonObject, JsonValue, Task } from '@touchstone/spec';
import { appendDurably, writeWhole } from '@touchstone/store';
import { systemClock } from '../clock.js';
import { assertNoCopies, Holding } from './holding.js';
import {
  journalSizes,
  journalsIn,
  place,
  readSaid,
  type Given,
  type Journal,
  type Said,
} from './journals.js';
import type { Questions } from './questions.js';
import { readOpinions, type Sample, type SampleAnswer } from './sample.js';

/** What the labels of a folder come to. */
export interface LabelsSummary extends LabelAgreement {
  /** The file for `data.labelled`. */
  file: string;
  answers: number;
  /** Answers that somebody has labelled whole. */
  labelled: number;
  raters: { name: string; labelled: number }[];
  /** What is odd, for people. */
  warnings: string[];
}

/**
 * The labels of a folder: what each person has said, and what that comes to.
 *
 * Each person has a journal of their own, `raters/NAME.jsonl`, which only grows: a label is on the disk when `give` returns, two people
 * never write one file, and journals from several machines are brought together by copying them into one folder. `labels.jsonl`, which
 * `data.labelled` names, is made from all of them and can be made again.
 */
export class Labelling {
  /** Of the person who labels. */
  private readonly own: Said;
  readonly notes: Map<string, string>;
  /** Time of this person's latest line; empty: none. */
  private last: string;
  private readonly itemsByKey = new Map<string, readonly string[]>();
  private readonly byKey: ReadonlyMap<string, SampleAnswer>;
  private readonly holding: Holding;

  constructor(
    readonly folder: string,
    private readonly journal: Journal,
    readonly sample: Sample,
    readonly questions: Questions,
  ) {
    this.byKey = new Map(sample.answers.map((answer) => [answer.key, answer]));
    this.holding = new Holding(
      questions,
      (key) => this.byKey.get(key),
      (key) => this.items(key),
    );
    ({ said: this.own, notes: this.notes, last: this.last } = readSaid(journal, this.holding.hold));
  }

  get rater(): string {
    return this.journal.name;
  }

  get file(): string {
    return join(this.folder, 'labels.jsonl');
  }

  answer(key: string): SampleAnswer {
    return this.byKey.get(key)!;
  }

  /** What is labelled of an answer: its items, or the whole. */
  items(key: string): readonly string[] {
    let items = this.itemsByKey.get(key);
    if (!items) {
      items = this.questions.itemsOf(this.answer(key).answer);
      this.itemsByKey.set(key, items);
    }
    return items;
  }

  /** The answers in the order in which this person is shown them. */
  async queue(): Promise<string[]> {
    const others = (await this.everybody()).filter(({ name }) => name !== this.rater);
    const { tasks, seed } = this.sample;
    const timesLabelled = (key: string): number =>
      others.filter(({ said }) => this.isWhole(key, said)).length;
    return queueOf(tasks, { rater: this.rater, seed, timesLabelled }).filter(
      (key) => this.items(key).length > 0,
    );
  }

  given(key: string, item: number, criterion: string): Given | undefined {
    return this.own.get(key)?.get(place(item, criterion));
  }

  /** @param value null takes back what was said. @throws {RunError} it cannot be written: then it is not given. */
  give(key: string, item: number, criterion: string, value: Given | null): void {
    const entry = { answer: key, item, criterion, value };
    this.append({ ...entry, asked: this.holding.hashOf(entry)! });
    const of = this.own.get(key) ?? new Map<string, Given>();
    this.own.set(key, of);
    if (value === null) of.delete(place(item, criterion));
    else of.set(place(item, criterion), value);
  }

  note(key: string, text: string): void {
    this.append({ answer: key, note: text });
    this.notes.set(key, text);
  }

  private append(entry: JsonObject): void {
    // A clock that was set back must not make what is given now the older one.
    const now = systemClock.date().toISOString();
    this.last = now > this.last ? now : this.last;
    appendDurably(this.journal.file, { time: this.last, ...entry });
  }

  /** Whether this person has labelled all of an answer. */
  isDone(key: string): boolean {
    return this.isWhole(key, this.own);
  }

  private isWhole(key: string, said: Said): boolean {
    const of = said.get(key);
    if (!of) return false;
    const { criteria } = this.questions;
    return this.items(key).every((_, item) => criteria.every(({ name }) => of.has(place(item, name))));
  }

  private async everybody(): Promise<{ name: string; said: Said; problems: string[] }[]> {
    const people = (await journalsIn(this.folder)).map((journal) => ({
      ...journal,
      ...readSaid(journal, this.holding.hold),
    }));
    assertNoCopies(people);
    return people.map(({ file, entries, problems, ...rest }) => ({
      ...rest,
      problems: [...problems, ...this.holding.unheld(file, entries)],
    }));
  }

  /** Makes `labels.jsonl` from all journals; anew where one has grown meanwhile, whose owner may have written it before. */
  async write(): Promise<void> {
    for (let known = ''; ;) {
      const sizes = await journalSizes(this.folder);
      if (sizes === known) return;
      known = sizes;
      const labelled = this.labelledBy(await this.everybody());
      await writeWhole(
        this.file,
        labelled.map((line) => `${JSON.stringify(lineOf(line))}\n`),
      );
    }
  }

  /** What all journals come to. */
  async summary(): Promise<LabelsSummary> {
    const people = await this.everybody();
    const labelled = this.labelledBy(people);
    const opinions = await readOpinions(this.folder);
    const keys = labelled.map(({ key }) => key);
    return {
      file: this.file,
      answers: this.sample.answers.length,
      labelled: labelled.length,
      raters: people.map(({ name, said }) => ({
        name,
        labelled: keys.filter((key) => this.isWhole(key, said)).length,
      })),
      warnings: [...people.flatMap(({ problems }) => problems), ...this.warningsOf(keys)],
      ...agreementOfLabels(labelled, {
        draw: this.sample,
        criteria: this.criteriaOfJudge(),
        opinionOf: (at) => opinions.get(keys[at]!) ?? null,
      }),
    };
  }

  /** None where the labels are of the whole answer, on 0–1. */
  private criteriaOfJudge(): readonly Criterion[] {
    const { criteria } = this.questions;
    return this.questions.isOfWhole ? [] : criteria;
  }

  private labelledBy(people: readonly { name: string; said: Said }[]): (LabelledAnswer & { key: string })[] {
    const answered = this.sample.answers.flatMap(({ key, task, response, model }) => {
      const raters = people.flatMap(({ name, said }): [string, Labels][] => {
        if (!this.isWhole(key, said)) return [];
        const labels = this.labelsIn(key, said);
        return labels.some((record) => Object.keys(record).length > 0) ? [[name, labels]] : [];
      });
      if (raters.length === 0) return [];
      return [
        {
          key,
          task,
          response,
          ...(model === undefined ? {} : { model }),
          raters: Object.fromEntries(raters),
        },
      ];
    });
    const counts = new Map<string, number>();
    for (const { task } of answered) counts.set(task.id, (counts.get(task.id) ?? 0) + 1);
    const weights = weightsOfLabelled(this.sample, counts);
    const random = new Set(this.sample.tasks.flatMap((one) => (one.random ? [one.task] : [])));
    return answered.map((one) => ({
      ...one,
      labels: [],
      drawn: {
        sample: this.sample.id,
        weight: Number(weights.get(one.task.id)!.toPrecision(6)),
        random: random.has(one.task.id),
      },
    }));
  }

  private labelsIn(key: string, said: Said): Labels {
    const { criteria, labelOf } = this.questions;
    return this.items(key).map((_, item) =>
      Object.fromEntries(
        criteria.flatMap((criterion) => {
          const value = said.get(key)!.get(place(item, criterion.name))!;
          return value === 'unsure' ? [] : [[criterion.name, labelOf(criterion, value)]];
        }),
      ),
    );
  }

  private warningsOf(labelled: readonly string[]): string[] {
    const ids = new Set(labelled.map((key) => this.answer(key).task.id));
    const { tasks, pool } = this.sample;
    const none = (kind: boolean): boolean =>
      !tasks.some((one) => one.contested === kind && ids.has(one.task));
    // Before half is labelled it would be said of nearly every sample.
    if (2 * labelled.length < this.sample.answers.length) return [];
    if (pool.contested === 0 || pool.contested === pool.tasks) return [];
    return [
      ...(none(true) ? ['none of the contested tasks is labelled yet: figures are of the others only'] : []),
      ...(none(false) ? ['none but contested tasks are labelled yet: figures are of these only'] : []),
    ];
  }
}

/** A line of labelled answers. */
function lineOf({ task, response, model, raters, drawn }: LabelledAnswer): JsonValue {
  const { id, messages, reference, metadata }: Task = task;
  return {
    id,
    messages: messages as unknown as JsonValue,
    ...(reference === null ? {} : { reference_answer: reference }),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    ...(model === undefined ? {} : { model }),
    response,
    raters: raters as unknown as JsonValue,
    drawn: drawn as unknown as JsonValue,
  };
}
