import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '@touchstone/spec';
import { remove, writeWhole } from '@touchstone/store';

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

/** What is asked of a run; null: nothing. @throws {InputError} something that it does not know. */
export async function askedOf(folder: string): Promise<Asked | null> {
  const file = fileOf(folder);
  let text: string;
  try {
    text = (await readFile(file, 'utf8')).trim();
  } catch {
    return null;
  }
  const found = ASKED.find((one) => one === text);
  if (found) return found;
  throw InputError.at(
    { file },
    `expected ${ASKED.join(' or ')}, got ${JSON.stringify(text.slice(0, 40))}; delete it, or ask again with "touchstone watch"`,
  );
}
