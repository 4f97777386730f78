import fs, { appendFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunError } from '@touchstone/spec';
import { afterAll, expect, it } from 'vitest';
import { appendDurably, readJournal } from './journal.js';

const folder = mkdtempSync(join(tmpdir(), 'touchstone-journal-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('keeps every whole entry, whatever was cut off before', () => {
  const file = join(folder, 'new', 'a.jsonl');
  expect(readJournal(file)).toEqual({ entries: [], unread: [] });
  appendDurably(file, { n: 1, text: 'ü\n\u2028' });
  appendFileSync(file, '{"n":2,"te');
  appendDurably(file, { n: 3 });
  appendDurably(file, { n: 4 });
  appendFileSync(file, '{"n":5');
  expect(readJournal(file)).toEqual({
    entries: [
      { line: 1, value: { n: 1, text: 'ü\n\u2028' } },
      { line: 3, value: { n: 3 } },
      { line: 4, value: { n: 4 } },
    ],
    unread: [2, 5],
  });
  expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(5);
});

it('says so where it cannot be written, and follows no link', () => {
  symlinkSync('/dev/full', join(folder, 'link.jsonl'));
  expect(() => appendDurably(join(folder, 'link.jsonl'), {})).toThrow(RunError);
  expect(() => appendDurably(join(folder, 'link.jsonl'), {})).toThrow('symbolic link');
});

it('a disk that is full in the middle of an entry costs that entry, and says so', () => {
  const file = join(folder, 'full.jsonl');
  appendDurably(file, { n: 1 });
  const real = fs.writeSync;
  let room = 5;
  fs.writeSync = ((descriptor: number, bytes: Buffer, done: number) => {
    if (room === 0) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write' });
    const written = real(descriptor, bytes, done, Math.min(room, bytes.length - done));
    room -= written;
    return written;
  }) as typeof fs.writeSync;
  syncBuiltinESMExports();
  try {
    expect(() => appendDurably(file, { n: 2 })).toThrow(/full\.jsonl cannot be written: the disk is full/);
  } finally {
    fs.writeSync = real;
    syncBuiltinESMExports();
  }
  appendDurably(file, { n: 3 });
  expect(readJournal(file)).toEqual({
    entries: [
      { line: 1, value: { n: 1 } },
      { line: 3, value: { n: 3 } },
    ],
    unread: [2],
  });
});

it('reads on at a byte order mark, which editors write and which putting files together leaves within', () => {
  const file = join(folder, 'marked.jsonl');
  writeFileSync(file, '\ufeff{"n":1}\r\n\ufeff{"n":2}\n');
  expect(readJournal(file)).toEqual({
    entries: [
      { line: 1, value: { n: 1 } },
      { line: 2, value: { n: 2 } },
    ],
    unread: [],
  });
});
