import {
  closeSync,
  fsyncSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { JsonValue } from '@touchstone/spec';
import { assertOwn, explained } from './files.js';

const LINE_END = 10;

/**
 * Adds an entry to a journal, a file of JSON Lines that only grows; file and folder are made where they are missing. When this returns,
 * the entry is on the disk. Several processes may add to one journal at once. What a kill or a full disk has cut off stays a line of its
 * own.
 *
 * @throws {RunError} it cannot be written; the entries before it are there.
 */
export function appendDurably(file: string, entry: JsonValue): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    assertOwn(file, 'file');
    const journal = openSync(file, 'a+');
    try {
      const { size } = fstatSync(journal);
      const start = size === 0 || byteAt(journal, size - 1) === LINE_END ? '' : '\n';
      const bytes = Buffer.from(`${start}${JSON.stringify(entry)}\n`);
      for (let done = 0; done < bytes.length;) done += writeSync(journal, bytes, done);
      fsyncSync(journal);
      if (size === 0) syncFolder(dirname(file));
    } finally {
      closeSync(journal);
    }
  } catch (cause) {
    throw explained(file, 'written', cause);
  }
}

function byteAt(file: number, place: number): number {
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, place);
  return byte[0]!;
}

/** So that the file's name is on the disk, too. */
function syncFolder(path: string): void {
  // Windows opens no folders.
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/**
 * The entries of a journal in their order, none where there is no such file.
 *
 * @returns `unread`: the numbers of lines that are no JSON, as a kill in the middle of a write leaves them.
 * @throws {RunError} it cannot be read.
 */
export function readJournal(file: string): {
  entries: { line: number; value: JsonValue }[];
  unread: number[];
} {
  let text: string;
  try {
    assertOwn(file, 'file');
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')
      return { entries: [], unread: [] };
    throw explained(file, 'read', cause);
  }
  const entries: { line: number; value: JsonValue }[] = [];
  const unread: number[] = [];
  text.split('\n').forEach((line, i) => {
    // Editors begin a file with a byte order mark, and files are put together: `trim` takes it off.
    const entry = line.trim();
    if (entry === '') return;
    try {
      entries.push({ line: i + 1, value: JSON.parse(entry) as JsonValue });
    } catch {
      unread.push(i + 1);
    }
  });
  return { entries, unread };
}
