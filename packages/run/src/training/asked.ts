import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '@touchstone/spec';
import { openRun, remove, writeWhole } from '@touchstone/store';
import type { RunSnapshot } from '../snapshot.js';
import { openPauses } from '../stages/alarms.js';
import { REINFORCE } from '../stages/stages.js';
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
 * Asks it of a run as somebody names it. Of several trainings each that has not ended is asked to wait and each to go on, so that the one at work does
 * and none begins behind it; only the one at work can go back.
 *
 * @param seen the run as it is now; its folder is that of the training that was written to last.
 * @throws {InputError} nobody would heed it.
 */
export async function askRun(
  named: string,
  { folder: atWork, isAtWork }: Pick<RunSnapshot, 'folder' | 'isAtWork'>,
  what: Asked | null,
): Promise<void> {
  const refused = (why: string): InputError => InputError.at({ file: named }, why);
  const trainings = (await trainingFolders(named)).map(({ folder }) => folder);
  const folders = trainings.length > 0 ? trainings : [named];
  const isPaused = folders.some((folder) => standOf(folder) === 'paused');
  if (what === null) {
    if (isPaused && !isAtWork) throw refused(PAUSED);
    if (!folders.some((folder) => existsSync(fileOf(folder)))) {
      throw refused('nobody has asked it to wait: expected a training that waits, as --pause asks for');
    }
    for (const folder of folders) await ask(folder, null);
    return;
  }
  if (!isAtWork) {
    throw refused('no process is at work on it, so nobody would heed: expected a run that goes on');
  }
  if (what === 'roll-back' && !folders.includes(atWork)) {
    throw refused('none of its trainings is at work: expected one that has weights to take back');
  }
  const open = folders.filter((folder) => standOf(folder) === 'open');
  const asked = what === 'pause' ? open : open.filter((folder) => folder === atWork);
  if (asked.length === 0) throw refused(standOf(atWork) === 'paused' ? PAUSED : ENDED);
  for (const folder of asked) await ask(folder, what);
}

const PAUSED =
  'its training has been paused: look at its alarms, then go on with touchstone run … --go-on "REASON"';
const ENDED =
  'its training has ended, so nobody would heed: expected one that still trains. What is left of a run waits while its command is stopped (Ctrl+C); the same command goes on from there';

/** Where a training stands: a monitor has paused it, it has ended, or neither. */
function standOf(folder: string): 'open' | 'paused' | 'ended' {
  const store = openRun(folder, { readOnly: true });
  try {
    if (openPauses(store).length > 0) return 'paused';
    if (!store.stage(REINFORCE.name)) return 'open';
    // One whose result does not hold any more is taken up again.
    const last = store.events().findLast(({ event }) => event.type.startsWith('stage-'))?.event;
    return last?.type === 'stage-started' && last.stage === REINFORCE.name ? 'open' : 'ended';
  } finally {
    store.close();
  }
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
