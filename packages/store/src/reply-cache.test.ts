import type { ModelReply } from '@touchstone/spec';
import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { openDatabase } from './database.js';
import { sqlite } from './sqlite.js';
import { openReplyCache } from './reply-cache.js';

const file = (): string => join(mkdtempSync(join(tmpdir(), 'cache-')), 'new', 'replies.db');
const reply = (text: string): ModelReply => ({ text, finish: 'stop', inputTokens: 1, outputTokens: 2 });
const noProblem = (problem: string): void => {
  throw new Error(problem);
};

test('a reply is there for the next process, and the first one stays', () => {
  const path = file();
  const first = openReplyCache(path, noProblem);
  expect(first.get('a')).toBeUndefined();
  void first.put('a', reply('one \u0000 ✓'));
  void first.put('a', reply('two'));
  void first.put('__proto__', reply('three'));
  const second = openReplyCache(path, noProblem);
  expect(second.get('a')).toEqual(reply('one \u0000 ✓'));
  first.close();
  expect(second.get('__proto__')).toEqual(reply('three'));
  second.close();
});

test('a reply that was found to be none makes room for another', () => {
  const cache = openReplyCache(file(), noProblem);
  void cache.put('a', reply(''));
  void cache.forget!('a');
  void cache.put('a', reply('an answer'));
  expect(cache.get('a')).toEqual(reply('an answer'));
  cache.close();
});

test('several processes fill one file at once, and agree on every key', async () => {
  const path = file();
  const count = 300;
  const own = await Promise.all(
    ['x', 'y', 'z'].map(async (name) => {
      const fixture = join(import.meta.dirname, 'caching-process.fixture.mjs');
      const { stdout } = await promisify(execFile)(process.execPath, [fixture, path, name, `${count}`]);
      return Number(stdout);
    }),
  );
  expect(own.reduce((a, b) => a + b)).toBe(count);
});

test('what another program changed is a miss, reported once', () => {
  const path = file();
  const problems: string[] = [];
  const cache = openReplyCache(path, (problem) => problems.push(problem));
  void cache.put('a', reply('one'));
  const db = new (sqlite().DatabaseSync)(path);
  db.exec("UPDATE replies SET reply = '{}'");
  expect(cache.get('a')).toBeUndefined();
  db.exec('DROP TABLE replies');
  expect(cache.get('a')).toBeUndefined();
  void cache.put('a', reply('two'));
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(path);
  db.close();
  cache.close();
});

test("a run's database and a file that is no database are refused", () => {
  const folder = mkdtempSync(join(tmpdir(), 'cache-'));
  const run = join(folder, 'run.db');
  openDatabase(run).close();
  expect(() => openReplyCache(run, noProblem)).toThrow(/expected a reply cache/);
  const garbage = join(folder, 'garbage.db');
  writeFileSync(garbage, 'not a database, but long enough to be taken for one'.repeat(40));
  expect(() => openReplyCache(garbage, noProblem)).toThrow(/cannot open the reply cache/);
});
