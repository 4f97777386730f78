import { InputError, type JsonObject, type JsonValue, type Task } from '@touchstone/spec';
import type { Parsed } from './json-lines.js';
import { describe, isObject, member, omit } from '../text/json-value.js';
import { shorten } from './json-lines.js';
import { LABELS, meantBy, mistaken, RESPONSES, type Meant } from './mistaken-keys.js';
import { readTaskLines } from './read-task-lines.js';
import { parseTaskLine } from './task-line.js';

/**
 * Value per criterion, on the criterion's own scale: one record for each item of the answer, or a single one for all of it. A Boolean
 * stays one, and 0 and 1 may stand for it; on a graded scale true would be its lowest level.
 */
export type Labels = Record<string, number | boolean>[];

/** How the answers to a task were drawn from more of them: what a figure over all of those is weighted by. */
export interface Drawn {
  /** Which sample; its labels may grow. */
  sample: string;
  /** How many answers each of these stands for: one over its chance of being labelled. Above 0. */
  weight: number;
  /** Whether it is of the part in which every task had the same chance. */
  random: boolean;
}

/** An answer that people have judged. */
export interface LabelledAnswer {
  task: Task;
  response: string;
  /**
   * What counts as right. A record may leave criteria out. For a judge without criteria, `score`, 0–1. Empty where there is only
   * what each of several people said.
   */
  labels: Labels;
  /** What each of several people said, by name; each has as many records as the others, and as `labels`, if those are not empty. */
  raters?: Record<string, Labels>;
  /** Who wrote it: `model` of the line's metadata, where that is a text. */
  model?: string;
  /** The same for all answers to a task; of all answers of a file, or of none. */
  drawn?: Drawn;
}

/**
 * One line of labelled answers: a task line with `response` (the answer as a string) and `labels`, for example
 * `{"Actionability": 4, "Grounding": true}` or a list of those, one for each item of the answer. Where several people have
 * judged it, `raters` has the labels of each: `{"anna": {"Grounding": true}, "ben": {"Grounding": false}}`; `labels` is then what they
 * settled on, or is left out. `drawn` says how it was drawn from more answers: `{"sample": "s1", "weight": 3.2, "random": true}`.
 */
export function parseLabelledLine(value: unknown, meant?: Meant): Parsed<LabelledAnswer> {
  const line = value as JsonValue;
  if (!isObject(line)) return { problems: [`expected a JSON object, got ${describe(line)}`] };
  const problems: string[] = [];
  const response = parseResponse(line, problems);
  const [stated, byPeople] = [member(line, 'labels'), member(line, 'raters')];
  const labels =
    stated === undefined && byPeople !== undefined
      ? []
      : parseLabels(stated, 'labels', problems, meantBy(line, 'labels', LABELS));
  const raters = byPeople === undefined ? undefined : parseRaters(byPeople, labels, problems);
  const drawn = parseDrawn(member(line, 'drawn'), problems);
  const parsed = parseTaskLine(withoutMisnamed(omit(line, ['response', 'labels', 'raters', 'drawn']), line), {
    meant,
  });
  if ('problems' in parsed) return { problems: [...problems, ...parsed.problems] };
  if (problems.length > 0) return { problems };
  const { model } = parsed.value.metadata;
  const writer = typeof model === 'string' ? { model } : {};
  const of = { ...(raters && { raters }), ...writer, ...(drawn && { drawn }) };
  return { value: { task: parsed.value, response, labels, ...of } };
}

/**
 * @throws {InputError} naming every bad line as `file:line`, or when the file is not JSON Lines at all, or when it is not known of all
 *   of its answers, or of none, how they were drawn.
 */
export async function readLabelled(path: string, meant?: Meant): Promise<LabelledAnswer[]> {
  const lines = withOneTask(await readTaskLines(path, (value) => parseLabelledLine(value, meant)));
  assertOneDraw(path, lines);
  return lines;
}

/** What is drawn stands for more than itself, and what is not for itself: figures of both together are of nothing. */
function assertOneDraw(path: string, lines: readonly LabelledAnswer[]): void {
  const first = lines.find(({ drawn }) => drawn)?.drawn;
  if (!first) return;
  const ofTask = new Map<string, Drawn | undefined>();
  for (const { task, drawn } of lines) {
    const known = ofTask.get(task.id) ?? drawn;
    ofTask.set(task.id, known);
    const name = `the task "${shorten(task.id)}"`;
    const problem = !drawn
      ? `an answer to ${name} has no "drawn", which others have: it is not known what it stands for. Keep such answers in a file of their own, or take "drawn" from all`
      : drawn.sample !== first.sample
        ? `${name} is of the sample "${shorten(drawn.sample)}", others are of "${shorten(first.sample)}": expected one sample in a file`
        : JSON.stringify(drawn) !== JSON.stringify(known)
          ? `${name} has answers with different "drawn": expected one for all answers to a task`
          : undefined;
    if (problem !== undefined) throw InputError.at({ file: path }, problem);
  }
}

function parseDrawn(value: JsonValue | undefined, problems: string[]): Drawn | undefined {
  if (value === undefined) return undefined;
  const of = isObject(value) ? value : {};
  const [sample, weight, random] = [member(of, 'sample'), member(of, 'weight'), member(of, 'random')];
  const isWeight = typeof weight === 'number' && weight > 0 && Number.isFinite(weight);
  if (typeof sample === 'string' && isWeight && typeof random === 'boolean')
    return { sample, weight, random };
  problems.push(
    'drawn: expected {"sample": text, "weight": number above 0, "random": true or false}, ' +
      `got ${isObject(value) ? shorten(JSON.stringify(value)) : describe(value)}`,
  );
  return undefined;
}

/**
 * In training a task is one and its answers are many. What lines about one task say differently is of the answers, such as who wrote
 * one or how many stars it has: a judge that is shown it can be right by that alone, so it is taken from the task.
 */
export function withOneTask<T extends { task: Task }>(lines: readonly T[]): T[] {
  const shared = new Map<string, JsonObject>();
  for (const { task } of lines) {
    const known = shared.get(task.id) ?? task.metadata;
    const differing = [known, task.metadata]
      .flatMap(Object.keys)
      .filter((key) => JSON.stringify(member(known, key)) !== JSON.stringify(member(task.metadata, key)));
    shared.set(task.id, omit(known, differing));
  }
  return lines.map((line) => ({ ...line, task: { ...line.task, metadata: shared.get(line.task.id)! } }));
}

/** The answer that is judged on this line. Blank is allowed: an empty answer is an answer. */
export function parseResponse(line: JsonObject, problems: string[], key = 'response'): string {
  const response = member(line, key);
  if (typeof response === 'string') return response;
  const hint = key === 'response' ? meantBy(line, key, RESPONSES) : '';
  problems.push(`${key}: expected the answer as a string, got ${describe(response)}${hint}`);
  return '';
}

/** A key that was said to be meant as the response is not also said to be meant as the reference. */
export function withoutMisnamed(task: JsonObject, line: JsonObject): JsonObject {
  const key = Object.hasOwn(line, 'response') ? undefined : mistaken(line, RESPONSES);
  return key === undefined ? task : omit(task, [key]);
}

function parseRaters(value: JsonValue, labels: Labels, problems: string[]): Record<string, Labels> {
  if (!isObject(value) || Object.keys(value).length === 0) {
    problems.push(`raters: expected an object of name and labels, got ${describe(value)}`);
    return {};
  }
  const before = problems.length;
  const raters = Object.fromEntries(
    Object.entries(value).map(([name, said]) => [
      name,
      parseLabels(said, `raters."${shorten(name)}"`, problems),
    ]),
  );
  const lengths = new Set([labels, ...Object.values(raters)].map(({ length }) => length).filter(Boolean));
  if (problems.length === before && lengths.size > 1) {
    problems.push(`raters: expected as many records from each, got ${[...lengths].join(' and ')}`);
  }
  return raters;
}

function parseLabels(value: JsonValue | undefined, name: string, problems: string[], hint = ''): Labels {
  const records = Array.isArray(value) ? value : [value];
  const before = problems.length;
  const labels = records.map((record, index) => {
    const at = Array.isArray(value) ? `${name}[${index}]` : name;
    if (!isObject(record)) {
      problems.push(`${at}: expected an object of criterion and value, got ${describe(record)}${hint}`);
      return {};
    }
    return Object.fromEntries(
      Object.entries(record).map(([criterion, label]) => {
        if (typeof label === 'boolean') return [criterion, label];
        if (typeof label === 'number' && Number.isFinite(label)) return [criterion, label];
        problems.push(
          `${at}."${shorten(criterion)}": expected a number, true or false, got ${describe(label)}`,
        );
        return [criterion, 0];
      }),
    );
  });
  if (problems.length === before && !labels.some((record) => Object.keys(record).length > 0)) {
    problems.push(`${name}: expected at least one label, got none`);
  }
  return labels;
}
