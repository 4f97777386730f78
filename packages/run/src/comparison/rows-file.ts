import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { formatOfAnswer, readJsonLines, recordsOrThrow, together, type Parsed } from '@touchstone/core';
import {
  recordOf,
  rowOf,
  type Duel,
  type EvaluationInput,
  type EvaluationRecord,
  type ModelRecords,
} from '@touchstone/lab';
import { duelRowSchema, evaluationRowSchema, InputError, type JsonValue } from '@touchstone/spec';
import { sha256OfFile, writeWhole } from '@touchstone/store';
import type { z } from 'zod';

/** What stored answers of models are to a comparison. */
export type Answers = Required<Pick<EvaluationInput, 'models' | 'duels' | 'remarks'>>;

/** Every answer of an evaluation with its scores, in its folder. */
export const RECORDS_FILE = 'records.jsonl';
/** What a preference judge said of pairs of them; only where one was asked. */
export const DUELS_FILE = 'duels.jsonl';

/**
 * Reads answers with their scores, one a line.
 *
 * @param file `records.jsonl`, or one made elsewhere.
 * @throws {InputError} a line is not one, and which; or some answers of a model name its training and others do not.
 */
export async function readRecords(file: string): Promise<ModelRecords[]> {
  const answers: { line: number; format: string }[] = [];
  const parse = parserOf(evaluationRowSchema);
  const read = await readJsonLines(file, (value, line) => {
    const parsed = parse(value);
    const format = 'problems' in parsed ? formatOfAnswer(value) : undefined;
    if (format !== undefined) answers.push({ line, format });
    return parsed;
  });
  const [answer] = answers;
  if (answer !== undefined) {
    const some = answers.length === 1 ? 'this line is an answer' : `${answers.length} lines are answers`;
    throw InputError.at(
      { file, line: answer.line },
      `${some} without scores (${answer.format}): have answers evaluated first, with "touchstone eval --answers NAME=FILE"`,
    );
  }
  const rows = recordsOrThrow(file, { ...read, problems: together(read.problems) });
  const models = new Map<string, Map<number | undefined, EvaluationRecord[]>>();
  for (const row of rows) {
    const trainings = models.get(row.model) ?? new Map<number | undefined, EvaluationRecord[]>();
    models.set(row.model, trainings);
    const records = trainings.get(row.training);
    if (records) records.push(recordOf(row));
    else trainings.set(row.training, [recordOf(row)]);
  }
  const entries = [...models];
  const mixed = entries.find(([, trainings]) => trainings.size > 1 && trainings.has(undefined));
  if (mixed) {
    throw InputError.at(
      { file },
      `some answers of "${mixed[0]}" name its training and others do not: expected it of all or of none`,
    );
  }
  const [first, ...others] = entries.filter(([, trainings]) => trainings.size > 1);
  const seedsOf = (trainings: ReadonlyMap<number | undefined, unknown>): string =>
    [...trainings.keys()].sort((a = -1, b = -1) => a - b).join(', ');
  for (const [name, trainings] of others) {
    const [known, own] = [seedsOf(first![1]), seedsOf(trainings)];
    if (known !== own) {
      throw InputError.at(
        { file },
        `trainings are compared one by one: "${first![0]}" has ${known}, and "${name}" has ${own}; expected the same ones`,
      );
    }
  }
  return entries.map(([name, trainings]) => ({
    name,
    trainings: [...trainings].sort(([a = -1], [b = -1]) => a - b).map(([, records]) => records),
  }));
}

/** @throws {InputError} a line is not a duel, and which. */
export async function readDuels(file: string): Promise<Duel[]> {
  const rows = recordsOrThrow(file, await readJsonLines(file, parserOf(duelRowSchema)));
  return rows.map(({ task, ...duel }) => ({ taskId: task, ...duel }));
}

/**
 * Writes what `readRecords` and `readDuels` read into an evaluation's folder, each file whole or not at all.
 *
 * @returns as `hashesOfAnswers`.
 */
export async function writeAnswers(
  folder: string,
  { models, duels = [] }: Pick<EvaluationInput, 'models' | 'duels'>,
): Promise<Record<string, string>> {
  await writeWhole(join(folder, RECORDS_FILE), recordLines(models));
  const file = join(folder, DUELS_FILE);
  if (duels.length === 0) await rm(file, { force: true });
  else {
    await writeWhole(
      file,
      duels.map(({ taskId, ...duel }) => `${JSON.stringify({ task: taskId, ...duel })}\n`),
    );
  }
  return hashesOfAnswers(folder);
}

/** SHA-256 of the files of answers and of duels that are in an evaluation's folder, by name. */
export async function hashesOfAnswers(folder: string): Promise<Record<string, string>> {
  const names = [RECORDS_FILE, DUELS_FILE].filter((name) => existsSync(join(folder, name)));
  return Object.fromEntries(
    await Promise.all(
      names.map(async (name): Promise<[string, string]> => [name, await sha256OfFile(join(folder, name))]),
    ),
  );
}

function* recordLines(models: Answers['models']): Generator<string> {
  for (const { name, trainings } of models)
    for (const [training, records] of trainings.entries())
      for (const record of records)
        yield `${JSON.stringify(rowOf(name, record, trainings.length > 1 ? training : undefined))}\n`;
}

const parserOf =
  <S extends z.ZodType>(schema: S) =>
  (value: JsonValue): Parsed<z.output<S>> => {
    const result = schema.safeParse(value);
    if (result.success) return { value: result.data };
    return {
      problems: result.error.issues.map(({ path, message }) =>
        path.length === 0 ? message : `${path.join('.')}: ${message}`,
      ),
    };
  };
