import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { remarksOfModels, type ModelRecords } from '@touchstone/lab';
import { EVALUATION_SUMMARY_VERSION, evaluationSummarySchema, InputError } from '@touchstone/spec';
import {
  DUELS_FILE,
  hashesOfAnswers,
  readDuels,
  readRecords,
  RECORDS_FILE,
  type Answers,
} from './rows-file.js';

/** The summary's file in the evaluation's folder. */
export const SUMMARY_FILE = 'evaluation.json';

/**
 * What an evaluation has left in its folder: answers, duels, and what its summary says of them that they do not say themselves.
 *
 * @throws {InputError} a file is damaged, or they are not of one evaluation.
 */
export async function readEvaluation(folder: string): Promise<Answers> {
  const models = await readRecords(join(folder, RECORDS_FILE));
  const duels = join(folder, DUELS_FILE);
  return {
    models,
    duels: existsSync(duels) ? await readDuels(duels) : [],
    remarks: await remarksIn(folder, models),
  };
}

const NOT_HELD = `${SUMMARY_FILE} is of an older version and does not say what ${RECORDS_FILE} was: that they belong together is not checked. "touchstone eval" again writes both anew.`;

/** A folder that somebody has put together may lack the summary. */
async function remarksIn(folder: string, models: readonly ModelRecords[]): Promise<string[]> {
  const file = join(folder, SUMMARY_FILE);
  if (!existsSync(file)) return [];
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw InputError.at({ file }, 'it is damaged: run "touchstone eval" again, which writes it anew', {
      cause,
    });
  }
  const { success, data: summary } = evaluationSummarySchema.safeParse(value);
  if (!success) {
    throw InputError.at(
      { file },
      `expected an evaluation of version ${EVALUATION_SUMMARY_VERSION}: it is damaged, or another version of Touchstone wrote it. Run "touchstone eval" again, which writes it anew`,
    );
  }
  const counts = new Map(models.map(({ name, trainings }) => [name, trainings.flat().length]));
  for (const name of new Set([...summary.model_order, ...counts.keys()])) {
    const said = Object.hasOwn(summary.models, name) ? summary.models[name]!.answers : 0;
    if (said !== (counts.get(name) ?? 0)) {
      throw InputError.at(
        { file },
        `it has ${said} answers of "${name}", and ${RECORDS_FILE} beside it ${counts.get(name) ?? 0}: one of the two is damaged. Run "touchstone eval" again, which writes both anew`,
      );
    }
  }
  const ofRecords = new Set(remarksOfModels(models));
  const remarks = summary.remarks.filter((remark) => !ofRecords.has(remark));
  if (summary.files === undefined) return [...remarks, NOT_HELD];
  const now = await hashesOfAnswers(folder);
  for (const name of [RECORDS_FILE, DUELS_FILE]) {
    if (summary.files[name] === now[name]) continue;
    throw InputError.at(
      { file: join(folder, name) },
      `it is not what ${SUMMARY_FILE} beside it was made of: one of the two is of another evaluation, was changed, or its writing was interrupted. ` +
        'Run "touchstone eval" again, which writes both anew',
    );
  }
  return remarks;
}
