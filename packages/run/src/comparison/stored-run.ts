import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { EvaluationRecord, ModelRecords } from '@touchstone/lab';
import { InputError } from '@touchstone/spec';
import { openRun } from '@touchstone/store';
import { evaluationRecords } from '../stages/evaluate.js';
import { evaluationOf } from '../stages/stages.js';
import { endedTrainings } from '../trainings/ended.js';
import { assertOfStore, readClaim } from './claim.js';
import { askedBy, gradersOf } from './graders.js';
import { RECORDS_FILE } from './rows-file.js';

/** The stage that evaluates a model is called this and its name. */
const EVALUATE = evaluationOf('').name;

/**
 * The answers of the models of a run that were evaluated, of one training or of several.
 *
 * @param folder with `config.yaml` and `run.db`.
 * @throws {InputError} no model was evaluated yet, or as `endedTrainings`. @throws {RunError} what is read is damaged.
 */
export async function readRunAnswers(folder: string): Promise<ModelRecords[]> {
  const own = await evaluatedModels(folder);
  const folders = await endedTrainings(folder);
  const once = [...own].map(([name, records]) => ({ name, trainings: [records] }));
  if (folders.length === 0) {
    if (once.length > 0) return once;
    throw InputError.at({ file: folder }, 'no model of this run was evaluated yet: let it end first');
  }
  const each = await Promise.all(folders.map((one) => evaluatedModels(one.folder)));
  // A training's folder has what it shares with the others too.
  const trained = [...each[0]!.keys()].filter((name) => !own.has(name));
  return [...once, ...trained.map((name) => ({ name, trainings: each.map((models) => models.get(name)!) }))];
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
