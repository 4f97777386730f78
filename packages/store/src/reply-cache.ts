import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

import { InputError, type ModelReply, type ReplyCache } from '@touchstone/spec';

import { checksum, decode, encode, verify } from './columns.js';
import { type Database, pragma, sqlite, transaction } from './sqlite.js';

export interface StoredReplyCache extends ReplyCache {
  close(): void;
}

/** Tells this file from every other SQLite database, a run's included: "TSrc". */
const APPLICATION_ID = 0x54537263;
const VERSION = 2;
/** A reader or writer of another process is done in less; whoever waits for longer goes on without the cache. */
const BUSY_MS = 2000;
const REPLY = { text: 'string', finish: 'string', inputTokens: 'number', outputTokens: 'number' } as const;

/**
 * Replies in one SQLite file that several processes of a machine may use at once; a reply is safe from a killed process
 * once `put` has returned. What goes wrong after opening never fails a call: the reply is then paid for again, and
 * `onProblem` is told the first time. Not for a file on a network share: SQLite's locks do not hold there.
 *
 * @throws {InputError} the file cannot be opened, or is something else.
 */
export function openReplyCache(file: string, onProblem: (message: string) => void): StoredReplyCache {
  const db = open(file);
  const select = db.prepare('SELECT reply, checksum FROM replies WHERE key = ?');
  // The first reply stays: two processes that asked at the same time then go on with the same one.
  const insert = db.prepare(
    'INSERT INTO replies (key, reply, checksum) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING',
  );
  const remove = db.prepare('DELETE FROM replies WHERE key = ?');
  let isReported = false;
  const trying = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      if (!isReported) onProblem(`the reply cache ${file} cannot be used (${cause}); going on without it`);
      isReported = true;
      return undefined;
    }
  };
  return {
    get: (key) =>
      trying(() => {
        const row = select.get(key);
        if (row === undefined) return undefined;
        try {
          return read(row, key);
        } catch (error) {
          // It makes room: else the question would be paid for each time.
          remove.run(key);
          throw error;
        }
      }),
    put: (key, reply) =>
      trying(() => {
        const json = encode(reply, `replies ${key}`);
        insert.run(key, json, checksum(key, json));
      }),
    forget: (key) => void trying(() => remove.run(key)),
    close: () => db.close(),
  };
}

function read({ reply, checksum: sum }: Record<string, unknown>, key: string): ModelReply {
  try {
    verify(sum, key, key, reply);
    return decode<ModelReply>(reply, REPLY, key);
  } catch (cause) {
    throw new Error(`what it holds for ${key} is no reply`, { cause });
  }
}

function open(file: string): Database {
  let db: Database | undefined;
  try {
    mkdirSync(dirname(file), { recursive: true });
    db = new (sqlite().DatabaseSync)(file);
    db.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    const opened = db;
    transaction(db, () => prepareFile(opened, file));
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    return db;
  } catch (error) {
    db?.close();
    if (InputError.is(error)) throw error;
    const cause = error instanceof Error ? error.message : String(error);
    throw InputError.at({ file }, `cannot open the reply cache: ${cause}.`, { cause: error });
  }
}

/** Makes a new file a cache, and refuses one that is something else. */
function prepareFile(db: Database, file: string): void {
  const isEmpty = db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
  if (!isEmpty && pragma(db, 'application_id') !== APPLICATION_ID) {
    throw InputError.at({ file }, 'expected a reply cache, found another database. Name another file.');
  }
  const version = pragma(db, 'user_version');
  if (!isEmpty && version > VERSION) {
    throw InputError.at({ file }, 'written by a newer Touchstone. Update Touchstone, or name another file.');
  }
  if (version === VERSION) return;
  if (isEmpty) {
    db.exec('CREATE TABLE replies (key TEXT PRIMARY KEY, reply TEXT NOT NULL) STRICT, WITHOUT ROWID');
  }
  db.exec(`
    ALTER TABLE replies ADD COLUMN checksum INTEGER;
    PRAGMA application_id = ${APPLICATION_ID};
    PRAGMA user_version = ${VERSION};
  `);
}
