import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { InputError } from '@touchstone/spec';
import { expect, test } from 'vitest';

import { openDatabase } from './database.js';

const file = (): string => join(mkdtempSync(join(tmpdir(), 'store-')), 'run.db');

function problem(work: () => unknown): InputError {
  try {
    work();
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error('expected an InputError, none was thrown');
}

test('opens in WAL mode, and opening again keeps what is there', () => {
  const path = file();
  const first = openDatabase(path);
  expect(first.prepare('PRAGMA journal_mode').get()).toMatchObject({ journal_mode: 'wal' });
  first.exec("INSERT INTO stages (name, seconds, value) VALUES ('sft', 1, 'null')");
  first.close();
  const second = openDatabase(path);
  expect(second.prepare('SELECT count(*) AS n FROM stages').get()).toMatchObject({ n: 1 });
  second.close();
});

test('a file of a newer version is refused, by name, and left as it is', () => {
  const path = file();
  const db = openDatabase(path);
  db.exec('PRAGMA user_version = 99');
  db.close();
  const error = problem(() => openDatabase(path));
  expect(error.problems[0]?.place?.file).toBe(path);
  expect(error.message).toMatch(/newer Touchstone: schema version 99/);
});

test('another program’s database, a file that is no database, and a missing one are input errors', () => {
  const foreign = file();
  const db = openDatabase(foreign);
  db.exec('PRAGMA user_version = 0');
  db.close();
  expect(problem(() => openDatabase(foreign)).message).toMatch(/another program/);

  const garbage = file();
  writeFileSync(garbage, 'not a database, but long enough to be taken for one'.repeat(40));
  expect(problem(() => openDatabase(garbage)).message).toMatch(/cannot open/);

  expect(problem(() => openDatabase(file(), { readOnly: true })).message).toMatch(/cannot open/);
});
