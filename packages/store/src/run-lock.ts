import { join } from 'node:path';
import { RunError } from '@touchstone/spec';
import { openSqlite } from './database.js';

/**
 * Takes a run's folder for this process, so that two processes do not train in it at once. The lock is SQLite's on
 * `run.lock`, which the operating system lets go of however the process ends: a killed run leaves none behind.
 *
 * @param folder must exist.
 * @returns what lets go of the folder.
 * @throws {RunError} when another process has it.
 */
export function lockRun(folder: string): () => void {
  const db = openSqlite(join(folder, 'run.lock'));
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (cause) {
    db.close();
    const message = `another process is at work in ${folder}; wait until it has ended, or choose another output folder`;
    throw new RunError(message, { cause });
  }
  return () => db.close();
}
