import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RunError } from '@touchstone/spec';
import { assertOwn } from './files.js';
import { type Database, isBusy, isDamage, openSqlite } from './sqlite.js';

/** What is locked, so that no collection of garbage closes it: who drops the way to let go keeps the lock. */
const held = new Set<Database>();

/**
 * Takes a run's folder for this process, so that two processes do not train in it at once. The lock is SQLite's on
 * `run.lock`, which the operating system lets go of however the process ends: a killed run leaves none behind.
 *
 * @param folder must exist.
 * @returns what lets go of the folder.
 * @throws {RunError} when another process has it, or the lock cannot be taken.
 */
export function lockRun(folder: string): () => void {
  const file = join(folder, 'run.lock');
  assertOwn(file, 'file');
  let db: Database | undefined;
  try {
    const opened = (db = openSqlite(file));
    opened.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    held.add(opened);
    return () => {
      if (held.delete(opened)) opened.close();
    };
  } catch (cause) {
    db?.close();
    throw new RunError(problem(folder, file, cause), { cause });
  }
}

/** Whether a process is at work in a run's folder; asks for no right to write there. @throws {RunError} the lock cannot be read. */
export function isRunLocked(folder: string): boolean {
  const file = join(folder, 'run.lock');
  if (!existsSync(file)) return false;
  let db: Database | undefined;
  try {
    db = openSqlite(file, { readOnly: true, timeout: 0 });
    db.exec('PRAGMA schema_version');
    return false;
  } catch (cause) {
    if (isBusy(cause)) return true;
    throw new RunError(problem(folder, file, cause), { cause });
  } finally {
    db?.close();
  }
}

function problem(folder: string, file: string, cause: unknown): string {
  if (isBusy(cause)) {
    return `another process is at work in ${folder}; wait until it has ended, or choose another output folder`;
  }
  if (isDamage(cause)) return `${file} is not what a run has written; delete it: it holds nothing`;
  const words = cause instanceof Error ? cause.message : String(cause);
  return `${file} cannot be opened (${words}); look whether ${folder} can be written to`;
}
