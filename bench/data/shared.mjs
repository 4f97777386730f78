import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

/** The folder of data sets that `--data` or TOUCHSTONE_DATA names, with what is needed of it. */
export function dataFolder(...needed) {
  const { values } = parseArgs({
    options: { data: { type: 'string', default: process.env.TOUCHSTONE_DATA ?? '' } },
  });
  const missing = needed.filter((name) => !existsSync(path.join(values.data, name)));
  if (values.data !== '' && missing.length === 0) return path.resolve(values.data);
  process.stderr.write(`--data DIR (or TOUCHSTONE_DATA): expected a folder with ${needed.join(', ')}\n`);
  return process.exit(2);
}

/** Every file called `name` below `folder`, in order. */
export function filesCalled(folder, name) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name === name)
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

/** Rows as a table of text: the first column to the left, the others to the right. */
export function table(titles, rows) {
  const cells = [titles, ...rows].map((row) => row.map(String));
  const widths = titles.map((_, i) => Math.max(...cells.map((row) => row[i].length)));
  return cells
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '),
    )
    .join('\n');
}

export const print = (text) => void process.stdout.write(`${text}\n`);
