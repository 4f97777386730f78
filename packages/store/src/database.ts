import { lstatSync } from 'node:fs';
import { InputError, RunError, TouchstoneError } from '@touchstone/spec';
import { assertOwn } from './files.js';
import { migrate, MIGRATIONS, schemaVersion } from './migrations.js';
import { type Database, explained, isDamage, openSqlite } from './sqlite.js';

/**
 * Opens the SQLite file of a run and brings its schema up to date. A file that is damaged is left as it is.
 *
 * WAL with `synchronous = NORMAL`: readers never wait for the writer, and a commit is in the operating system's
 * hands when it returns. Killing the process loses no commit. Cutting the power may lose the last ones, and
 * never corrupts the file; `durably` is for those that something else relies on. A second writer waits up to 10 s for
 * the lock.
 *
 * @param options.readOnly the file must exist and is never changed.
 * @throws {InputError} the file is missing (read-only), is not a run's database, or was written by a newer version.
 * @throws {RunError} it is damaged, or a link.
 */
export function openDatabase(path: string, options: { readOnly?: boolean } = {}): Database {
  const readOnly = options.readOnly ?? false;
  let db: Database | undefined;
  try {
    for (const end of ['', '-wal', '-shm']) assertOwn(`${path}${end}`, 'file');
    if (!readOnly) assertWhole(path);
    db = openSqlite(path, { readOnly });
    db.exec('PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON');
    if (readOnly) {
      assertCurrent(schemaVersion(db, path), path);
      return db;
    }
    schemaVersion(db, path);
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    migrate(db, path);
    return db;
  } catch (error) {
    db?.close();
    if (TouchstoneError.is(error)) throw error;
    const cause = error instanceof Error ? error.message : String(error);
    throw InputError.at({ file: path }, `cannot open the run's database: ${cause}.`, { cause: error });
  }
}

function assertCurrent(version: number, file: string): void {
  if (version === MIGRATIONS.length) return;
  throw InputError.at(
    { file },
    version === 0
      ? 'expected the database of a run, found none of its tables. Was the run started?'
      : `written by an older Touchstone (schema version ${version}). Resume the run once to update the file.`,
  );
}

/**
 * The database, where there is one, holds together by SQLite's own check. Read-only: closing a connection that may write
 * would merge a write-ahead log into a file that it may not belong to.
 */
function assertWhole(path: string): void {
  const size = (file: string): number => lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size(path) === 0) {
    if (size(`${path}-wal`) === 0) return;
    throw damagedFile(path, 'it is empty or missing, while its write-ahead log is not');
  }
  const db = openSqlite(path, { readOnly: true });
  let found: string[];
  try {
    db.exec('PRAGMA busy_timeout = 10000');
    found = db
      .prepare('PRAGMA integrity_check(3)')
      .all()
      .map((row) => String(row['integrity_check']));
  } catch (cause) {
    if (!isDamage(cause)) throw explained(cause, path);
    throw damagedFile(path, cause instanceof Error ? cause.message : String(cause), cause);
  } finally {
    db.close();
  }
  if (found.join() !== 'ok') throw damagedFile(path, found.join('; ').replaceAll('\n', ' '));
}

const damagedFile = (path: string, problem: string, cause?: unknown): RunError =>
  new RunError(
    `${path} is damaged: ${problem}. It is left as it is: restore it and its -wal from a copy, or choose another folder with --out.`,
    { cause },
  );
