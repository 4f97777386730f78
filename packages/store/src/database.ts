import { createRequire } from 'node:module';

import type { DatabaseSync, DatabaseSyncInstance } from '@photostructure/sqlite';
import { InputError } from '@touchstone/spec';

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

/** One script a schema version: entry i takes a file from version i to i + 1. Entries are only ever added. */
export const MIGRATIONS: readonly string[] = [
  // Texts of models and users live inside JSON columns: JSON escapes NUL and lone surrogates, which a plain text
  // column would cut or change on some runtimes. Generated columns are there for whoever reads with SQL.
  `
  CREATE TABLE stages (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    seconds REAL NOT NULL,
    value TEXT NOT NULL
  ) STRICT;

  CREATE TABLE replies (key TEXT PRIMARY KEY, reply TEXT NOT NULL) STRICT, WITHOUT ROWID;

  -- A task is stored once, under the hash of its content: two splits may use one id for different tasks.
  CREATE TABLE tasks (
    hash TEXT PRIMARY KEY,
    task TEXT NOT NULL,
    id TEXT AS (task ->> '$.id')
  ) STRICT;

  CREATE TABLE splits (
    split TEXT NOT NULL,
    position INTEGER NOT NULL,
    task TEXT NOT NULL REFERENCES tasks (hash),
    PRIMARY KEY (split, position)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE rollouts (
    phase TEXT NOT NULL,
    step INTEGER NOT NULL,
    position INTEGER NOT NULL,
    task TEXT NOT NULL REFERENCES tasks (hash),
    rollout TEXT NOT NULL,
    truth REAL,
    tokens INTEGER NOT NULL,
    id TEXT AS (rollout ->> '$.id'),
    policy TEXT AS (rollout ->> '$.policy'),
    response TEXT AS (rollout ->> '$.response'),
    PRIMARY KEY (phase, step, position)
  ) STRICT;

  -- role: 'judge' is the judge that is trained against, 'heldout' the one that is not.
  CREATE TABLE rewards (
    phase TEXT NOT NULL,
    step INTEGER NOT NULL,
    position INTEGER NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('judge', 'heldout')),
    reward TEXT NOT NULL,
    status TEXT AS (reward ->> '$.status'),
    score REAL AS (reward ->> '$.score'),
    reason TEXT AS (reward ->> '$.reason'),
    PRIMARY KEY (phase, step, position, role),
    FOREIGN KEY (phase, step, position) REFERENCES rollouts (phase, step, position) ON DELETE CASCADE
  ) STRICT;

  CREATE TABLE verdicts (
    phase TEXT NOT NULL,
    step INTEGER NOT NULL,
    position INTEGER NOT NULL,
    role TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    item INTEGER AS (verdict ->> '$.item'),
    status TEXT AS (verdict ->> '$.status'),
    score REAL AS (verdict ->> '$.score'),
    reason TEXT AS (verdict ->> '$.reason'),
    raw TEXT AS (verdict ->> '$.raw'),
    PRIMARY KEY (phase, step, position, role, ordinal),
    FOREIGN KEY (phase, step, position, role) REFERENCES rewards (phase, step, position, role) ON DELETE CASCADE
  ) STRICT;

  CREATE TABLE steps (
    phase TEXT NOT NULL,
    step INTEGER NOT NULL,
    summary TEXT NOT NULL,
    PRIMARY KEY (phase, step)
  ) STRICT, WITHOUT ROWID;
  `,
  // What a step measured is a record by metric; what was found out about the judge is no longer called checks.
  `
  UPDATE steps SET summary = json_object(
    'step', summary -> '$.step',
    'metrics', json_remove(
      summary, '$.step', '$.reward_low', '$.reward_high', '$.components', '$.seconds'
    ),
    'intervals', CASE
      WHEN summary ->> '$.reward_low' IS NULL THEN json('{}')
      ELSE json_object('reward', json_object('low', summary -> '$.reward_low', 'high', summary -> '$.reward_high'))
    END,
    'components', summary -> '$.components',
    'seconds', summary -> '$.seconds'
  );

  UPDATE stages SET value = json_set(json_remove(value, '$.checks'), '$.findings', value -> '$.checks')
  WHERE name = 'judge' AND value -> '$.checks' IS NOT NULL;

  -- What happened while the run went on, in order; its stages and steps are in their own tables too.
  CREATE TABLE events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    time TEXT NOT NULL,
    event TEXT NOT NULL,
    type TEXT AS (event ->> '$.type')
  ) STRICT;
  `,
];

function schemaVersion(db: Database): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
}

/** Brings a new or older file to the newest schema; one transaction, so a kill leaves the old version whole. */
function migrate(db: Database, path: string): void {
  if (schemaVersion(db) === MIGRATIONS.length) return;
  transaction(db, () => {
    // Read again under the lock: another process may have migrated in between.
    const from = schemaVersion(db);
    if (from === 0 && db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() !== undefined) {
      throw InputError.at(
        { file: path },
        'expected the database of a run, found one of another program. Choose another output folder.',
      );
    }
    for (let version = from; version < MIGRATIONS.length; version++) db.exec(MIGRATIONS[version]!);
    db.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
  });
}

/** A plain connection, without the schema of a run. */
export function openSqlite(path: string, options: { readOnly?: boolean } = {}): Database {
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

/**
 * Opens the SQLite file of a run and brings its schema up to date.
 *
 * WAL with `synchronous = NORMAL`: readers never wait for the writer, and a commit is in the operating system's
 * hands when it returns. Killing the process loses no commit. Cutting the power may lose the last ones, and
 * never corrupts the file. A second writer waits up to 10 s for the lock.
 *
 * @param options.readOnly the file must exist and is never changed.
 * @throws {InputError} the file is missing (read-only), is not a run's database, or was written by a newer version.
 */
export function openDatabase(path: string, options: { readOnly?: boolean } = {}): Database {
  const readOnly = options.readOnly ?? false;
  let db: Database | undefined;
  try {
    db = openSqlite(path, { readOnly });
    db.exec('PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON');
    const version = schemaVersion(db);
    if (version > MIGRATIONS.length) {
      throw InputError.at(
        { file: path },
        `written by a newer Touchstone: schema version ${version}, this one knows up to ${MIGRATIONS.length}. ` +
          'Update Touchstone, or choose another output folder.',
      );
    }
    if (readOnly) {
      if (version < MIGRATIONS.length) {
        throw InputError.at(
          { file: path },
          version === 0
            ? 'expected the database of a run, found none of its tables. Was the run started?'
            : `written by an older Touchstone (schema version ${version}). Resume the run once to update the file.`,
        );
      }
      return db;
    }
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    migrate(db, path);
    return db;
  } catch (error) {
    db?.close();
    if (InputError.is(error)) throw error;
    const cause = error instanceof Error ? error.message : String(error);
    throw InputError.at({ file: path }, `cannot open the run's database: ${cause}.`, { cause: error });
  }
}
