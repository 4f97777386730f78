import { InputError } from '@touchstone/spec';
import { type Database, durably, pragma, transaction } from './sqlite.js';

/** Tells a run's database from every other: "TSrn". */
const APPLICATION_ID = 0x5453726e;

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
  // Which run it is, and which checkpoints it has written. SQLite notices no changed byte inside a value: each row that a
  // figure is made of has a checksum. Rows of an older version have none.
  `
  PRAGMA application_id = 0x5453726e; -- "TSrn"
  CREATE TABLE run (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL, fingerprint TEXT) STRICT;
  INSERT INTO run (one, id) VALUES (1, lower(hex(randomblob(16))));

  CREATE TABLE checkpoints (
    stage TEXT NOT NULL,
    step INTEGER NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (stage, step)
  ) STRICT, WITHOUT ROWID;

  ALTER TABLE stages ADD COLUMN checksum INTEGER;
  ALTER TABLE replies ADD COLUMN checksum INTEGER;
  ALTER TABLE rollouts ADD COLUMN checksum INTEGER;
  ALTER TABLE rewards ADD COLUMN checksum INTEGER;
  ALTER TABLE verdicts ADD COLUMN checksum INTEGER;
  ALTER TABLE steps ADD COLUMN checksum INTEGER;
  ALTER TABLE events ADD COLUMN checksum INTEGER;
  `,
  // Which judges have been examined on which labelled answers: whoever looks often enough finds one that suits them.
  `
  CREATE TABLE looks (
    data TEXT NOT NULL,
    judge TEXT NOT NULL,
    PRIMARY KEY (data, judge)
  ) STRICT, WITHOUT ROWID;
  `,
  'ALTER TABLE run ADD COLUMN memory REAL; ALTER TABLE run ADD COLUMN threads INTEGER;',
];

/** The first version that carries the application's id. */
const MARKED = 3;

/**
 * The schema's version of a run's database; 0 of one that is empty.
 *
 * @throws {InputError} it is another program's, or a newer Touchstone's.
 */
export function schemaVersion(db: Database, file: string): number {
  const version = pragma(db, 'user_version');
  const tables = new Set(
    db
      .prepare('SELECT name FROM sqlite_schema')
      .all()
      .map(({ name }) => name),
  );
  const isOurs =
    version < MARKED
      ? tables.has('rollouts') && tables.has('verdicts')
      : pragma(db, 'application_id') === APPLICATION_ID;
  if (tables.size > 0 && (version === 0 || !isOurs)) {
    throw InputError.at(
      { file },
      'expected the database of a run, found one of another program. Choose another output folder.',
    );
  }
  if (version > MIGRATIONS.length) {
    throw InputError.at(
      { file },
      `written by a newer Touchstone: schema version ${version}, this one knows up to ${MIGRATIONS.length}. ` +
        'Update Touchstone, or choose another output folder.',
    );
  }
  return version;
}

/** Brings a new or older file to the newest schema; one transaction, so a kill leaves the old version whole. */
export function migrate(db: Database, file: string): void {
  if (schemaVersion(db, file) === MIGRATIONS.length) return;
  durably(db, () =>
    transaction(db, () => {
      // Read again under the lock: another process may have migrated in between.
      for (let version = schemaVersion(db, file); version < MIGRATIONS.length; version++) {
        db.exec(MIGRATIONS[version]!);
      }
      db.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
    }),
  );
}
