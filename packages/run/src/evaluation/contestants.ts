import { resolve } from 'node:path';
import { parseModelId, readTasksStrict, TaskPool } from '@touchstone/core';
import { InputError, type Task } from '@touchstone/spec';
import { samplingSchema } from '@touchstone/train/schema';
import { parse } from 'yaml';
import { modelName, type EvaluatedConfig } from '../config/evaluation-schema.js';
import type { Loaded } from '../config/load.js';
import type { ScoringConfig } from '../config/schema.js';
import { fieldsNamed, missingReference } from '../config/task-fields.js';
import type { Contestant, KnownAnswer } from './contestant.js';
import { loadPolicy, openAsked } from './draw.js';
import { knownIn, readRunModel, readStoredModels, type ReadModel, type ReadNotes } from './read-known.js';
import { zeroToOne } from './scales.js';

/** What is evaluated, read and checked before anything is asked. */
export interface Contestants extends ReadNotes {
  contestants: Contestant[];
  /** Those that models answer which are asked. */
  tasks: Task[];
}

/** A file of answers that was named on the command line: its path is relative to where that is. */
export interface GivenAnswers {
  name: string;
  file: string;
}

/**
 * Reads the answers that are there, and opens the models that are to give some.
 *
 * @throws {InputError} a file, folder or model is wrong, two models have one name, or there is none.
 */
export async function readContestants(
  { config, baseDir, text }: Loaded<ScoringConfig>,
  given: readonly GivenAnswers[],
): Promise<Contestants> {
  const entries: { name: string; model: EvaluatedConfig; from: string; said: string }[] = [
    ...inOrder(config.evaluation.models ?? {}, text).map(([name, model]) => ({
      name,
      model,
      from: baseDir,
      said: `evaluation.models of the configuration in ${baseDir}`,
    })),
    ...given.map(({ name, file }) => ({
      name,
      model: { answers: file },
      from: resolve('.'),
      said: `--answers ${name}=${file}`,
    })),
  ];
  if (entries.length === 0) {
    throw new InputError([
      {
        message:
          'expected models to evaluate: set evaluation.models, or name stored answers with --answers NAME=FILE',
      },
    ]);
  }
  const pool = new TaskPool();
  const notes: ReadNotes = { remarks: [], stores: [] };
  try {
    const file = config.data?.eval;
    const all = file === undefined ? [] : await readTasksStrict(resolve(baseDir, file), fieldsNamed(config));
    for (const task of all) knownIn(pool, task, file!);
    const tasks = all.slice(0, config.evaluation.tasks);
    const read: (ReadModel | Contestant)[] = [];
    const sources: string[] = [];
    // One after another: a model of this machine is loaded to see what it is.
    for (const { name, model, from, said } of entries) {
      if ('answers' in model)
        for (const one of await readStoredModels(name, resolve(from, model.answers), pool, notes))
          read.push(one);
      else if ('run' in model)
        read.push(
          await readRunModel(name, { folder: resolve(from, model.run), wanted: model.model }, pool, notes),
        );
      else read.push(await openDrawn(name, model, { config, baseDir: from, tasks }));
      while (sources.length < read.length) sources.push(said);
    }
    assertNames(
      read.map(({ name }) => name),
      sources,
    );
    const known = read.flatMap((one) => ('lists' in one ? [one] : []));
    const scale = zeroToOne(known, config.evaluation);
    const byKey = pool.tasks();
    const answered = (model: ReadModel): Contestant => ({
      name: model.name,
      fingerprint: model.fingerprint,
      ...(model.scoredBy === undefined ? {} : { scoredBy: model.scoredBy }),
      known: model.lists.map(({ seed, answers }) => ({
        seed,
        answers: answers.map(({ task, scales: _, scores, ...answer }): KnownAnswer => ({
          ...answer,
          task: byKey.get(task)!,
          scores: scale(scores),
        })),
      })),
    });
    const leftOut = pool.leftOut();
    if (leftOut.length > 0) {
      notes.remarks.push(
        `Answers to one task differ in ${leftOut.join(', ')}: these fields were taken from their tasks, and no judge is shown them`,
      );
    }
    const unseen = missingReference(config, [...tasks, ...byKey.values()]);
    if (unseen !== undefined) notes.remarks.push(unseen);
    return { ...notes, tasks, contestants: read.map((one) => ('lists' in one ? answered(one) : one)) };
  } catch (error) {
    notes.stores.forEach((store) => store.close());
    throw error;
  }
}

/** As they are written in the configuration: an object has names that are whole numbers before all others. */
function inOrder<T>(models: Readonly<Record<string, T>>, text: string): [string, T][] {
  const entries = Object.entries(models);
  if (!entries.some(([name]) => /^\d+$/.test(name))) return entries;
  const at = (map: unknown, key: string): unknown => (map instanceof Map ? map.get(key) : undefined);
  const written = at(at(parse(text, { mapAsMap: true }), 'evaluation'), 'models');
  const names = written instanceof Map ? [...written.keys()].map(String) : [];
  return entries.sort(([a], [b]) => names.indexOf(a) - names.indexOf(b));
}

async function openDrawn(
  name: string,
  asked: Extract<EvaluatedConfig, { concurrency: unknown }>,
  { config, baseDir, tasks }: { config: ScoringConfig; baseDir: string; tasks: readonly Task[] },
): Promise<Contestant> {
  if (tasks.length === 0) {
    throw new InputError([
      { message: `evaluation.models.${name}: set data.eval, the tasks that it answers` },
    ]);
  }
  const { provider, name: folder } = parseModelId(asked.model);
  const defaults = { ...samplingSchema.parse({}), ...config.policy };
  const drawn = {
    config: asked,
    folder: provider.isLocal ? resolve(baseDir, folder) : null,
    temperature: asked.temperature ?? defaults.temperature,
    max_tokens: asked.max_tokens ?? defaults.max_tokens,
  };
  const { fingerprint } =
    drawn.folder === null
      ? await openAsked(drawn, { baseDir, seed: config.seed, cache: { get: () => undefined, put: () => {} } })
      : await loadPolicy(drawn.folder, config.engine, { tasks, max_tokens: drawn.max_tokens });
  const how = [fingerprint, drawn.temperature, drawn.max_tokens];
  return { name, fingerprint: how.join(' '), drawn };
}

/** @param sources where each is from. */
function assertNames(names: readonly string[], sources: readonly string[]): void {
  for (const name of names) {
    const { success, error } = modelName.safeParse(name);
    if (!success)
      throw new InputError([
        { message: `the model's name ${JSON.stringify(name)}: ${error.issues[0]!.message}` },
      ]);
  }
  const twice = names.findIndex((name, i) => names.indexOf(name) !== i);
  if (twice >= 0) {
    const [first, second] = [sources[names.indexOf(names[twice]!)], sources[twice]];
    const where = first === second ? `both by ${first}` : `one by ${first}, one by ${second}`;
    throw new InputError([
      { message: `two models are called "${names[twice]}", ${where}: give one of them another name` },
    ]);
  }
}
