import { existsSync, realpathSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { metricNames, summariseEvaluation, type ModelRecords } from '@touchstone/lab';
import { InputError, type EvaluationSummary } from '@touchstone/spec';
import { versions } from '../workspace/provenance.js';
import { readEvaluation } from './evaluation-folder.js';
import { readRecords, RECORDS_FILE, type Answers } from './rows-file.js';
import { readRunAnswers } from './stored-run.js';

export interface ComparisonOptions {
  baseline?: string;
  /** Models that are checkpoints of one training, in order. */
  order?: readonly string[];
  /** Which the verdict is about. */
  mainMetric?: string;
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
  assertDistinct(paths);
  const found = await Promise.all(paths.map(readNamed));
  const models = found.flatMap((one) => one.models);
  const names = models.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new InputError([
      { message: `two models are called "${twice}": rename those of one path with NAME=PATH` },
    ]);
  }
  return summariseEvaluation({
    name: names.length > MOST_NAMED ? `${names.length} models` : names.join(', '),
    models,
    duels: found.flatMap(({ duels }) => duels),
    remarks: found.flatMap((one, i) => [
      ...one.remarks.map((remark) => (found.length === 1 ? remark : `${paths[i]}: ${remark}`)),
      ...(found.length === 1 ? [] : notKnown(paths[i]!, one.models)),
    ]),
    ...options,
    bestOf: Infinity,
    seed: null,
    created: now.toISOString(),
    versions: versions(),
  });
}

/** NAME=PATH, where no file is called so. */
function split(given: string): { name?: string; path: string } {
  const [, name, path] = /^([^=/\\]+)=(.+)$/s.exec(given) ?? [];
  return name === undefined || path === undefined || existsSync(given) ? { path: given } : { name, path };
}

/** A path that is there twice would be a model beside itself: no difference, of nothing. */
function assertDistinct(paths: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const given of paths) {
    const { path } = split(given);
    const real = existsSync(path) ? realpathSync(path) : resolve(path);
    const first = seen.get(real);
    if (first !== undefined) {
      throw new InputError([
        { message: `"${first}" and "${given}" are one file or folder: expected each once` },
      ]);
    }
    seen.set(real, given);
  }
}

async function readNamed(given: string): Promise<Answers> {
  const { name, path } = split(given);
  const answers = await readPath(path);
  if (name === undefined) return answers;
  const { models, duels, remarks } = answers;
  const renamed = (model: string): string => (models.length === 1 ? name : `${name}/${model}`);
  return {
    models: models.map((model) => ({ ...model, name: renamed(model.name) })),
    duels: duels.map((duel) => ({ ...duel, a: renamed(duel.a), b: renamed(duel.b) })),
    remarks,
  };
}

async function readPath(path: string): Promise<Answers> {
  const at = statSync(path, { throwIfNoEntry: false });
  if (!at) throw InputError.at({ file: path }, 'there is no such file or folder');
  if (!at.isDirectory()) return { models: await readRecords(path), duels: [], remarks: [] };
  if (existsSync(join(path, RECORDS_FILE))) return readEvaluation(path);
  if (existsSync(join(path, 'run.db'))) return { models: await readRunAnswers(path), duels: [], remarks: [] };
  throw InputError.at(
    { file: path },
    `expected the folder of an evaluation (with ${RECORDS_FILE}) or of a run (with run.db)`,
  );
}

/** What records do not say of two paths is not checked. */
function notKnown(path: string, models: readonly ModelRecords[]): string[] {
  const records = models.flatMap(({ trainings }) => trainings.flat());
  const metrics = metricNames(records).filter(
    (metric) => !records.every(({ by }) => by !== undefined && Object.hasOwn(by, metric)),
  );
  const asked = records.some((record) => record.asked === undefined);
  if (metrics.length === 0 && !asked) return [];
  const what = [
    ...(metrics.length > 0 ? [`who gave ${metrics.join(', ')}`] : []),
    ...(asked ? ['what was asked'] : []),
  ].join(' and ');
  return [
    `${path} does not say ${what}: that it is the same as elsewhere is not checked, and a difference means nothing where it is not.`,
  ];
}
