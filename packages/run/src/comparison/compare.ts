import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { summariseEvaluation } from '@touchstone/lab';
import { InputError, type EvaluationSummary } from '@touchstone/spec';
import { versions } from '../workspace/provenance.js';
import { DUELS_FILE, readDuels, readRecords, RECORDS_FILE, type Answers } from './rows-file.js';
import { readRunAnswers } from './stored-run.js';

export interface ComparisonOptions {
  baseline?: string;
  /** Models that are checkpoints of one training, in order. */
  order?: readonly string[];
  /** An answer passes with at least this score. */
  passScore?: number;
  now: Date;
}

/** Names of more models do not make a title. */
const MOST_NAMED = 4;

/** As `main-job.ts` says. */
export async function compareStored(
  paths: readonly string[],
  { now, ...options }: ComparisonOptions,
): Promise<EvaluationSummary> {
  const found = await Promise.all(paths.map(readNamed));
  const names = found.flatMap(({ models, trainings }) => [...Object.keys(models), ...Object.keys(trainings)]);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new InputError([
      { message: `two models are called "${twice}": rename those of one path with NAME=PATH` },
    ]);
  }
  return summariseEvaluation({
    name: names.length > MOST_NAMED ? `${names.length} models` : names.join(', '),
    models: Object.fromEntries(found.flatMap(({ models }) => Object.entries(models))),
    trainings: Object.fromEntries(found.flatMap(({ trainings }) => Object.entries(trainings))),
    duels: found.flatMap(({ duels }) => duels),
    ...options,
    bestOf: Infinity,
    seed: null,
    created: now.toISOString(),
    versions: versions(),
  });
}

async function readNamed(given: string): Promise<Answers> {
  const [, name, path] = /^([^=/\\]+)=(.+)$/s.exec(given) ?? [];
  if (name === undefined || path === undefined || existsSync(given)) return readPath(given);
  const answers = await readPath(path);
  const names = [...Object.keys(answers.models), ...Object.keys(answers.trainings)];
  const renamed = (model: string): string => (names.length === 1 ? name : `${name}/${model}`);
  const rename = <T>(models: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(models).map(([model, value]) => [renamed(model), value]));
  return {
    models: rename(answers.models),
    trainings: rename(answers.trainings),
    duels: answers.duels.map((duel) => ({ ...duel, a: renamed(duel.a), b: renamed(duel.b) })),
  };
}

async function readPath(path: string): Promise<Answers> {
  const at = statSync(path, { throwIfNoEntry: false });
  if (!at) throw InputError.at({ file: path }, 'there is no such file or folder');
  if (!at.isDirectory()) return { ...(await readRecords(path)), duels: [] };
  const [records, duels] = [join(path, RECORDS_FILE), join(path, DUELS_FILE)];
  if (existsSync(records)) {
    return { ...(await readRecords(records)), duels: existsSync(duels) ? await readDuels(duels) : [] };
  }
  if (existsSync(join(path, 'run.db'))) return { ...(await readRunAnswers(path)), duels: [] };
  throw InputError.at(
    { file: path },
    `expected the folder of an evaluation (with ${RECORDS_FILE}) or of a run (with run.db)`,
  );
}
