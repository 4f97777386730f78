import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EvaluationRecord, ModelRecords } from '@touchstone/lab';
import { InputError } from '@touchstone/spec';
import { openRun, type RunStore } from '@touchstone/store';
import { parse } from 'yaml';
import { z } from 'zod';
import { evaluationRecords } from '../stages/evaluate.js';
import { evaluationOf } from '../stages/stages.js';
import { trainingFolders } from '../trainings/folders.js';
import { askedBy, claimedGradersSchema, gradersOf } from './graders.js';
import { RECORDS_FILE } from './rows-file.js';

/** Of `config.yaml` what says which answers are valid, and who scored them. */
const claimSchema = claimedGradersSchema.extend({
  role: z.looseObject({ evaluation: z.boolean().optional() }).optional(),
  run: z.string().optional(),
  fingerprint: z.string().optional(),
});
/** The stage that evaluates a model is called this and its name. */
const EVALUATE = evaluationOf('').name;

/**
 * The answers of the models of a run that were evaluated, of one training or of several.
 *
 * @param folder with `config.yaml` and `run.db`.
 * @throws {InputError} no model was evaluated yet, or a training of several lacks one. @throws {RunError} what is read is damaged.
 */
export async function readRunAnswers(folder: string): Promise<ModelRecords[]> {
  const own = await evaluatedModels(folder);
  const folders = await trainingFolders(folder);
  const once = [...own].map(([name, records]) => ({ name, trainings: [records] }));
  if (folders.length === 0) {
    if (once.length > 0) return once;
    throw InputError.at({ file: folder }, 'no model of this run was evaluated yet: let it end first');
  }
  const each = await Promise.all(
    folders.map(async (one) => ({ ...one, models: await evaluatedModels(one.folder) })),
  );
  // A training's folder has what it shares with the others too.
  const trained = [...new Set(each.flatMap(({ models }) => [...models.keys()]))].filter(
    (name) => !own.has(name),
  );
  for (const { folder: at, models } of each) {
    const lacking = trained.find((name) => !models.has(name));
    if (lacking !== undefined) {
      throw InputError.at(
        { file: at },
        `"${lacking}" of this training was not evaluated yet: let all trainings end first`,
      );
    }
  }
  return [
    ...once,
    ...trained.map((name) => ({ name, trainings: each.map(({ models }) => models.get(name)!) })),
  ];
}

async function evaluatedModels(folder: string): Promise<Map<string, EvaluationRecord[]>> {
  if (!existsSync(join(folder, 'run.db'))) return new Map();
  if (!existsSync(join(folder, 'config.yaml')) && hasNoStages(folder)) {
    throw InputError.at(
      { file: folder },
      'it holds a judge\'s replies (of "touchstone judge test" or "judge align") and no answers of models: expected the folder of a run, or of an evaluation (touchstone eval)',
    );
  }
  const claim = await readClaim(folder);
  if (claim.role?.evaluation) {
    throw InputError.at(
      { file: folder },
      `this evaluation has not ended, or its ${RECORDS_FILE} is gone: run "touchstone eval" on it again`,
    );
  }
  const [asked, by] = [askedBy(claim), gradersOf(claim)];
  const store = openRun(folder, { readOnly: true });
  try {
    assertOfStore(folder, claim, store.identity());
    return new Map(
      store
        .stages()
        .filter(({ name }) => name.startsWith(EVALUATE))
        .map(({ name }) => {
          const stored = store.rollouts(name);
          const records = evaluationRecords(claim, stored).map((record, i) => ({
            ...record,
            asked: asked(stored[i]!.rollout.task),
            by,
          }));
          return [name.slice(EVALUATE.length), records];
        }),
    );
  } finally {
    store.close();
  }
}

function hasNoStages(folder: string): boolean {
  const store = openRun(folder, { readOnly: true });
  try {
    return store.stages().length === 0;
  } finally {
    store.close();
  }
}

/** Judges and rules of another run's `config.yaml` would pass for those that scored these answers. */
function assertOfStore(
  folder: string,
  { run, fingerprint, models }: z.output<typeof claimSchema>,
  { id, fingerprint: claimed }: ReturnType<RunStore['identity']>,
): void {
  const isOther = (run !== undefined && run !== id) || (claimed !== null && fingerprint !== claimed);
  // Every run has a policy and a judge.
  if (!isOther && (claimed === null || Object.keys(models).length > 0)) return;
  throw InputError.at(
    { file: join(folder, 'config.yaml') },
    'it is not the one that belongs to run.db beside it: one of the two is of another run, or was changed. Restore the whole folder from a copy',
  );
}

/** @throws {InputError} it cannot be read, or is not what a run or an evaluation writes. */
export async function readClaim(folder: string): Promise<z.output<typeof claimSchema>> {
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
