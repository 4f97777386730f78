import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '@touchstone/spec';
import { remove, writeWhole } from '@touchstone/store';
import { trainingFolders } from '../trainings/folders.js';

/** What somebody beside a run can ask of its training, which looks between two steps. */
const ASKED = ['pause', 'roll-back'] as const;
export type Asked = (typeof ASKED)[number];

const fileOf = (folder: string): string => join(folder, 'asked.txt');

/**
 * Asks a run that is at work to wait after its step, or to take the best checkpoint's weights back and stop; null takes that back, and a run that
 * waits goes on.
 *
 * @param folder of the run.
 */
export async function ask(folder: string, what: Asked | null): Promise<void> {
  if (what === null) await remove(fileOf(folder));
  else await writeWhole(fileOf(folder), `${what}\n`);
}

/**
 * Asks it of a run as somebody names it. Of several trainings each is asked to wait and each to go on, so that the one at work does and none
 * begins behind it; only the one at work can go back.
 *
 * @param atWork the training's folder that was written to last.
 * @throws {InputError} no training is at work that could go back.
 */
export async function askRun(named: string, atWork: string, what: Asked | null): Promise<void> {
  const trainings = await trainingFolders(named);
  if (trainings.length === 0) return ask(named, what);
  if (what !== 'roll-back') {
    for (const { folder } of trainings) await ask(folder, what);
    return;
  }
  if (trainings.some(({ folder }) => folder === atWork)) return ask(atWork, what);
  throw InputError.at(
    { file: named },
    'none of its trainings is at work: expected one that has weights to take back',
  );
}

/** What is asked of a run; null: nothing. @throws {InputError} something that it does not know. */
export async function askedOf(folder: string): Promise<Asked | null> {
  const file = fileOf(folder);
  let text: string;
  try {
    text = (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    const cause = error instanceof Error ? error.message : String(error);
    throw InputError.at({ file }, `cannot be read: ${cause}; make it readable, or delete it`, {
      cause: error,
    });
  }
  const found = ASKED.find((one) => one === text);
  if (found) return found;
  throw InputError.at(
    { file },
    `expected ${ASKED.join(' or ')}, got ${JSON.stringify(text.slice(0, 40))}; delete it, or ask again with "touchstone watch"`,
  );
}
