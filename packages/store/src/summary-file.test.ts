import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readSummary, writeSummary } from './summary-file.js';

const folder = mkdtempSync(join(tmpdir(), 'touchstone-summary-'));
const file = join(folder, 'summary.json');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('reads what it has written, and no summary of which a digit is another', async () => {
  // An older version's file has no digest.
  copyFileSync(join(import.meta.dirname, 'summary-version-1.fixture.json'), file);
  const summary = await readSummary(folder);
  await writeSummary(folder, summary);
  expect(await readSummary(folder)).toEqual(summary);
  const text = readFileSync(file, 'utf8');
  const digits = [...text.matchAll(/: 0\.\d/g)].map(({ index, 0: { length } }) => index + length - 1);
  expect(digits.length).toBeGreaterThan(10);
  for (const at of [digits[0]!, digits.at(-1)!]) {
    const other = text[at] === '1' ? '2' : '1';
    writeFileSync(file, text.slice(0, at) + other + text.slice(at + 1));
    await expect(readSummary(folder)).rejects.toThrow('summary.json: not as it was written');
  }
  // White space and line ends say nothing: editors and git change them.
  writeFileSync(file, JSON.stringify(JSON.parse(text)));
  expect(await readSummary(folder)).toEqual(summary);
});
