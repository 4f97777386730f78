import { createRequire } from 'node:module';

import type { DatabaseSync, DatabaseSyncInstance } from '@photostructure/sqlite';
import { RunError, TouchstoneError } from '@touchstone/spec';

/** A connection with the interface of `node:sqlite`. */
export type Database = DatabaseSyncInstance;

interface SqliteModule {
  DatabaseSync: typeof DatabaseSync;
}

let loaded: SqliteModule | undefined;

/** `node:sqlite` where the runtime has it, else the package with the same interface. Loaded once. */
export function sqlite(): SqliteModule {
  loaded ??=
    withoutExperimentalWarning(() => process.getBuiltinModule('node:sqlite') as SqliteModule | undefined) ??
    (createRequire(import.meta.url)('@photostructure/sqlite') as SqliteModule);
  return loaded;
}

/** Node 22 to 24 print a warning when `node:sqlite` is loaded; the user can do nothing about that one. */
function withoutExperimentalWarning<T>(load: () => T): T {
  const emitWarning = process.emitWarning;
  const quieter = (warning: string | Error, ...rest: unknown[]): void => {
    if (rest[0] !== 'ExperimentalWarning') Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
  process.emitWarning = quieter as typeof process.emitWarning;
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** A plain connection, without the schema of a run. @param options.timeout milliseconds that it waits for a lock; by default SQLite's. */
export function openSqlite(path: string, options: { readOnly?: boolean; timeout?: number } = {}): Database {
  return new (sqlite().DatabaseSync)(path, options);
}

/** Runs `work` in one write transaction; what it throws is thrown on after everything is rolled back. */
export function transaction<T>(db: Database, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite has already rolled back where it ran out of disk or memory; then there is nothing to end.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** The value of a pragma that is a number. */
export const pragma = (db: Database, name: string): number =>
  Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);

/** What `work` commits is on the disk when this returns, with all that was committed before. */
export function durably<T>(db: Database, work: () => T): T {
  db.exec('PRAGMA synchronous = FULL');
  try {
    return work();
  } finally {
    db.exec('PRAGMA synchronous = NORMAL');
  }
}

/**
 * Brings the write-ahead log into the file, so that the file alone is all there is: closing does not where statements are
 * still there to be collected. Where it cannot be done, the log keeps what it holds.
 */
export function mergeLog(db: Database): void {
  try {
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // A full disk, or a reader: the next one to close does it.
  }
}

/** SQLite's primary result codes. */
const BUSY = 5;
const CORRUPT = 11;
const NOT_A_DATABASE = 26;
const WHAT_TO_DO: Record<number, string> = {
  [BUSY]: 'another program is at work on it; wait until it has ended',
  8: 'it may not be written; give this user the right',
  10: 'the disk failed, or a limit on the size of files was reached; look after it',
  [CORRUPT]: 'it is damaged; restore it from a copy, or choose another folder with --out',
  13: 'the disk is full; make room',
  14: 'it cannot be opened; look whether its folder can be written to',
  [NOT_A_DATABASE]: 'it is no database; restore it from a copy, or choose another folder with --out',
};

/** Whether SQLite gave up waiting for another process. */
export const isBusy = (error: unknown): boolean => codeOf(error) === BUSY;

/** Whether SQLite says that a file is not what a database is. */
export const isDamage = (error: unknown): boolean => {
  const code = codeOf(error);
  return code === CORRUPT || code === NOT_A_DATABASE;
};

/** SQLite's words for its codes, for errors that come without one. */
const WORDS: readonly [words: string, code: number][] = [
  ['database is locked', BUSY],
  ['attempt to write a readonly database', 8],
  ['disk I/O error', 10],
  ['database disk image is malformed', CORRUPT],
  ['database or disk is full', 13],
  ['unable to open database file', 14],
  ['file is not a database', NOT_A_DATABASE],
];

function codeOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('errcode' in error) return Number(error.errcode) & 0xff;
  return WORDS.find(([words]) => error.message.includes(words))?.[1];
}

/** What SQLite says of a file, with what to do; other errors as they are. */
export function explained(error: unknown, file: string): unknown {
  const code = codeOf(error);
  if (code === undefined || TouchstoneError.is(error) || !(error instanceof Error)) return error;
  return new RunError(
    `${file}: ${error.message}: ${WHAT_TO_DO[code] ?? `SQLite's error ${code}`}. ` +
      'Nothing that was stored is lost: then run the same command again.',
    { cause: error },
  );
}
