import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  createAnswerReader,
  readOutcomes,
  readTasksStrict,
  type Judge,
  type OutcomeAnswer,
} from '@touchstone/core';
import { assertMetricsFit, type MetricsConfig } from '@touchstone/lab';
import { InputError, type Task } from '@touchstone/spec';
import { openRun, sha256, type RunStore } from '@touchstone/store';
import type { Loaded } from '../config/load.js';
import type { ExaminationConfig } from '../config/schema.js';
import { fieldsNamed } from '../config/task-fields.js';
import { openJudgeAlone } from './examination.js';

/** What the judge is held against production with. */
export interface Alignment {
  config: ExaminationConfig;
  /** The folder that the configuration's paths are relative to. */
  baseDir: string;
  folder: string;
  store: RunStore;
  judge: Judge;
  metrics: MetricsConfig;
  answers: OutcomeAnswer[];
  /** The file that they were read from, and its lines that could not be used. */
  data: { file: string; sha256: string; problems: readonly { line: number; message: string }[] };
}

/**
 * Opens the judge, without its held-out one, and the answers whose outcome is known. Replies go into the run's store, where a run finds them.
 *
 * @param folder the run's folder, absolute; default: `output` of the configuration.
 * @throws {InputError} there are no metrics or no outcomes, or they do not fit each other, all before work begins.
 */
export async function openAlignment(
  loaded: Loaded<ExaminationConfig>,
  folder: string = resolve(loaded.baseDir, loaded.config.output),
): Promise<Alignment> {
  const { config, baseDir } = loaded;
  const { metrics, data } = config;
  if (metrics === undefined || data.outcomes === undefined) {
    const message =
      'expected metrics, what the product is measured by, and data.outcomes, answers with what came of them; see docs/alignment.md';
    throw new InputError([{ message }]);
  }
  const path = resolve(baseDir, data.outcomes);
  const read = await readOutcomes(path, await namedTasks(config, baseDir), fieldsNamed(config));
  const readAnswer = createAnswerReader(config.reward);
  const answers = read.answers.map((one) => ({ ...one, response: readAnswer(one.response).text }));
  assertMetricsFit(metrics, answers);
  const store = openRun(folder, { exclusive: true });
  try {
    const judge = await openJudgeAlone(loaded, store);
    const source = { file: data.outcomes, sha256: sha256(await readFile(path)), problems: read.problems };
    return { config, baseDir, folder, store, judge, metrics, answers, data: source };
  } catch (error) {
    store.close();
    throw error;
  }
}

/** Tasks that a line may name by id, in place of its own prompt. */
async function namedTasks(config: ExaminationConfig, baseDir: string): Promise<Map<string, Task>> {
  const { train, eval: evaluation } = config.data;
  const files = [train, evaluation].filter((file) => file !== undefined);
  const tasks = await Promise.all(
    files.map((file) => readTasksStrict(resolve(baseDir, file), fieldsNamed(config))),
  );
  return new Map(tasks.flat().map((task) => [task.id, task]));
}
