import { InputError, type JsonObject, type JsonValue, type Place } from '@touchstone/spec';
import { isObject, member } from '../../text/json-value.js';
import { shorten, together } from '../json-lines.js';
import { azureRows } from './azure-rows.js';
import { chatLog } from './chat-log.js';
import { failureOf, keysOf, nameIn } from './item.js';
import { openaiExport, openaiItems, samplePair } from './openai-items.js';
import { responseLine } from './response-line.js';
import { few, readRows, type RowPlace } from './rows.js';
import type { OutputFormat, RowAnswer } from './stored-answer.js';
import type { TaskPool } from './task-pool.js';

/** The formats of stored outputs; a row is of the first that knows it. A new one is a file and an entry here. */
export const OUTPUT_FORMATS: readonly OutputFormat[] = [
  openaiItems,
  openaiExport,
  samplePair,
  responseLine,
  chatLog,
  azureRows,
];

/** One answer of a file, about the task of the pool that has the key `task`. */
export interface StoredAnswer extends RowAnswer {
  task: string;
  place: Place;
}

export interface StoredOutputs {
  answers: StoredAnswer[];
  /** Rows that have no answer, and why: they are in no figure. */
  odd: { place: Place; message: string }[];
  /** The formats that were found. */
  formats: string[];
}

/**
 * Reads answers that were stored elsewhere, each row in the format that its keys show (`OUTPUT_FORMATS`). A row whose answer is missing is
 * set aside and named; one that no format knows refuses the file.
 *
 * @param pool gets the tasks; answers of other files may be about the same ones.
 * @throws {InputError} the file cannot be read, rows are of no format (at most 20 are named), or it holds no answer.
 */
export async function readOutputs(path: string, pool: TaskPool): Promise<StoredOutputs> {
  const answers: StoredAnswer[] = [];
  const odd: StoredOutputs['odd'] = [];
  const bad: { place: Place; message: string }[] = [];
  const formats = new Set<string>();
  const seen = new Set<string>();
  const texts = new Map<StoredAnswer, string>();
  const take = (row: JsonObject, at: RowPlace): void => {
    const say = (message: string) => ({
      place: at.place,
      message: at.within === undefined ? message : `${at.within}: ${message}`,
    });
    const format = formatOf(row);
    if (format === undefined) {
      bad.push(say(`${areScores(row) ? SCORES : NO_FORMAT}, got the keys ${keysOf(row)}`));
      return;
    }
    formats.add(format.name);
    const read = format.read(row);
    if ('problems' in read) {
      for (const problem of read.problems) bad.push(say(`${format.name}: ${problem}`));
      return;
    }
    if (read.row !== undefined && seen.has(read.row)) {
      odd.push(say(`the row "${shorten(read.row)}" is there already: a copy is no further answer`));
      return;
    }
    const isEmpty =
      'odd' in read ||
      read.answers.every(({ response, trajectory }) => response === '' && trajectory === undefined);
    const failure = failureOf(row, isEmpty);
    const found = failure === undefined ? read : { odd: failure };
    if ('odd' in found) {
      odd.push(say(found.odd));
      return;
    }
    if (found.row !== undefined) seen.add(found.row);
    const task = pool.add(found.task);
    if ('problem' in task) bad.push(say(task.problem));
    else
      for (const [i, answer] of found.answers.entries()) {
        const stored = { ...answer, task: task.key, place: at.place };
        answers.push(stored);
        texts.set(stored, `${i} ${JSON.stringify(row)}`);
      }
  };
  const pages = await readRows(path, (value) => formatOf(value) !== undefined, take);
  if (bad.length > 0) throw new InputError(few(together(bad)));
  if (answers.length === 0) {
    const why = odd[0] ? `: ${odd.length} rows were set aside, the first because of ${odd[0].message}` : '';
    throw InputError.at({ file: path }, `expected at least one answer, got none${why}`);
  }
  const [run, ...more] = pages.map((page) => nameIn(member(page, 'run_name')));
  const named = run?.model !== undefined && more.length === 0 ? run : {};
  const copies = copiesIn(answers, texts);
  for (const [copy, first] of copies)
    odd.push({
      place: copy.place,
      message: `the same row as ${first.place.line === undefined ? 'one before it' : `in line ${first.place.line}`}: a copy is no further answer`,
    });
  const own = answers.filter((answer) => !copies.has(answer));
  return { answers: own.map((answer) => ({ ...named, ...answer })), odd, formats: [...formats] };
}

/**
 * Answers whose row is there already, whole, and which. Where a model gave some task several answers that differ, equal ones are samples of it that came out
 * alike: to leave them out would tilt the task's mean.
 */
function copiesIn(
  answers: readonly StoredAnswer[],
  texts: ReadonlyMap<StoredAnswer, string>,
): Map<StoredAnswer, StoredAnswer> {
  const firsts = new Map<string, StoredAnswer>();
  const copies = new Map<StoredAnswer, StoredAnswer>();
  for (const answer of answers) {
    const key = JSON.stringify([answer.task, answer.model]);
    const first = firsts.get(key);
    if (first === undefined) firsts.set(key, answer);
    else if (texts.get(first) === texts.get(answer)) copies.set(answer, first);
    else return new Map();
  }
  return copies;
}

const formatOf = (row: JsonObject): OutputFormat | undefined => OUTPUT_FORMATS.find((one) => one.isOne(row));

/** The stored format that a row shows; undefined where it shows none. */
export const formatOfAnswer = (row: JsonValue): string | undefined =>
  isObject(row) ? formatOf(row)?.name : undefined;

const areScores = (row: JsonObject): boolean =>
  Object.hasOwn(row, 'model') &&
  Object.hasOwn(row, 'task') &&
  ['judge', 'scores'].some((key) => Object.hasOwn(row, key));
const SCORES =
  'scores without their answers, which can be compared but not judged: use "touchstone compare FILE"; expected an answer';
const NO_FORMAT = `no format of stored outputs that is known: expected ${OUTPUT_FORMATS.map(({ looks }) => looks).join('; or ')}`;
