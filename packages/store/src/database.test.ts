import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { InputError } from '@touchstone/spec';
import { expect, test } from 'vitest';

import { openDatabase } from './database.js';
import { openRun } from './run-store.js';
import { openSqlite } from './sqlite.js';

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

test('a run keeps what its first process computed with, whatever the next one has', () => {
  const path = dirname(file());
  const first = openRun(path);
  expect(first.computedWith({ memory: 1e9, threads: 2 })).toEqual({ memory: 1e9, threads: 2 });
  first.close();
  const second = openRun(path);
  expect(second.computedWith({ memory: 2e9, threads: 8 })).toEqual({ memory: 1e9, threads: 2 });
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

test('another program’s database, a file that is no database, and a missing one are refused by name', () => {
  for (const version of [0, 1, 2, 3]) {
    const foreign = file();
    const db = openSqlite(foreign);
    db.exec(`CREATE TABLE notes (text TEXT); PRAGMA user_version = ${version}`);
    db.close();
    const before = readFileSync(foreign);
    expect(problem(() => openDatabase(foreign)).message).toMatch(/another program/);
    expect(readFileSync(foreign).equals(before)).toBe(true);
  }

  const garbage = file();
  writeFileSync(garbage, 'not a database, but long enough to be taken for one'.repeat(40));
  expect(() => openDatabase(garbage)).toThrow(/run\.db is damaged: file is not a database.*from a copy/);

  expect(problem(() => openDatabase(file(), { readOnly: true })).message).toMatch(/cannot open/);
});

test('a damaged file is refused and left as it is, however it is damaged', () => {
  const path = file();
  const whole = openRun(dirname(path));
  for (let i = 0; i < 300; i++) {
    whole.put(`key ${i}`, { text: 'x'.repeat(400), finish: 'stop', inputTokens: 1, outputTokens: 1 });
  }
  whole.close();
  const intact = readFileSync(path);
  const harms: [string, (bytes: Buffer) => Buffer][] = [
    ['cut in the middle of a page', (bytes) => bytes.subarray(0, bytes.length - 5000)],
    ['a page of zeros', (bytes) => bytes.fill(0, 8 * 4096, 9 * 4096)],
    ['a page twice', (bytes) => (bytes.copy(bytes, 30 * 4096, 20 * 4096, 21 * 4096), bytes)],
    ['the header', (bytes) => bytes.fill(0x20, 0, 16)],
  ];
  for (const [name, harm] of harms) {
    writeFileSync(path, harm(Buffer.from(intact)));
    const before = readFileSync(path);
    expect(() => openDatabase(path), name).toThrow(/run\.db is damaged.*choose another folder/);
    expect(readFileSync(path).equals(before)).toBe(true);
  }
});
