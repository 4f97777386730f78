import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rewardSchema } from '@touchstone/core';
import type { EvaluationRecord } from '@touchstone/lab';
import { InputError } from '@touchstone/spec';
import { openRun } from '@touchstone/store';
import { parse } from 'yaml';
import { z } from 'zod';
import { evaluationRecords } from '../stages/evaluate.js';
import { evaluationOf } from '../stages/stages.js';
import { trainingFolders } from '../trainings/folders.js';
import { RECORDS_FILE, type Answers } from './rows-file.js';

/** Of `config.yaml` what says which answers are valid. */
const claimSchema = z.looseObject({
  config: z.looseObject({ reward: rewardSchema }),
  role: z.looseObject({ evaluation: z.boolean().optional() }).optional(),
});
/** The stage that evaluates a model is called this and its name. */
const EVALUATE = evaluationOf('').name;

/**
 * The answers of the models of a run that were evaluated, of one training or of several.
 *
 * @param folder with `config.yaml` and `run.db`.
 * @throws {InputError} no model was evaluated yet, or a training of several lacks one. @throws {RunError} what is read is damaged.
 */
export async function readRunAnswers(folder: string): Promise<Pick<Answers, 'models' | 'trainings'>> {
  const own = await evaluatedModels(folder);
  const folders = await trainingFolders(folder);
  if (folders.length === 0) {
    if (Object.keys(own).length > 0) return { models: own, trainings: {} };
    throw InputError.at({ file: folder }, 'no model of this run was evaluated yet: let it end first');
  }
  const each = await Promise.all(
    folders.map(async (one) => ({ ...one, models: await evaluatedModels(one.folder) })),
  );
  // A training's folder has what it shares with the others too.
  const trained = [...new Set(each.flatMap(({ models }) => Object.keys(models)))].filter(
    (name) => !Object.hasOwn(own, name),
  );
  for (const { folder: at, models } of each) {
    const lacking = trained.find((name) => !Object.hasOwn(models, name));
    if (lacking !== undefined) {
      throw InputError.at(
        { file: at },
        `"${lacking}" of this training was not evaluated yet: let all trainings end first`,
      );
    }
  }
  return {
    models: own,
    trainings: Object.fromEntries(trained.map((name) => [name, each.map(({ models }) => models[name]!)])),
  };
}

async function evaluatedModels(folder: string): Promise<Record<string, EvaluationRecord[]>> {
  if (!existsSync(join(folder, 'run.db'))) return {};
  const claim = await readClaim(folder);
  if (claim.role?.evaluation) {
    throw InputError.at(
      { file: folder },
      `this evaluation has not ended, or its ${RECORDS_FILE} is gone: run "touchstone eval" on it again`,
    );
  }
  const store = openRun(folder, { readOnly: true });
  try {
    return Object.fromEntries(
      store
        .stages()
        .filter(({ name }) => name.startsWith(EVALUATE))
        .map(({ name }) => [name.slice(EVALUATE.length), evaluationRecords(claim, store.rollouts(name))]),
    );
  } finally {
    store.close();
  }
}

async function readClaim(folder: string): Promise<z.output<typeof claimSchema>> {
  const file = join(folder, 'config.yaml');
  let value: unknown;
  try {
    value = parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw InputError.at({ file }, 'expected the config.yaml that a run writes beside its run.db', { cause });
  }
  const { success, data } = claimSchema.safeParse(value);
  if (success) return data;
  throw InputError.at(
    { file },
    'it is not what this version of Touchstone writes: no reward was found in it',
  );
}
