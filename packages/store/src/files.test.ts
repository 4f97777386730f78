import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { namesIn, removePartials, writeWhole } from './files.js';

const folder = (): string => mkdtempSync(join(tmpdir(), 'files-'));

test('a file is replaced whole, in a folder that is made where it is missing; two writers do not mix', async () => {
  const file = join(folder(), 'new/er/config.yaml');
  const contents = Array.from({ length: 8 }, (_, i) => `${i}`.repeat(100_000));
  await Promise.all(contents.map((content) => writeWhole(file, content)));
  expect(contents).toContain(readFileSync(file, 'utf8'));
  expect(readdirSync(join(file, '..'))).toEqual(['config.yaml']);
});

test('parts are written one behind the other, and nothing is where one of them cannot be had', async () => {
  const at = folder();
  await writeWhole(join(at, 'lines'), ['a\n', 'ü\n']);
  expect(readFileSync(join(at, 'lines'), 'utf8')).toBe('a\nü\n');
  function* failing(): Generator<string> {
    yield 'new\n';
    throw new Error('no more');
  }
  await expect(writeWhole(join(at, 'lines'), failing())).rejects.toThrow('no more');
  expect(readFileSync(join(at, 'lines'), 'utf8')).toBe('a\nü\n');
});

test('a link and a folder in the place of a file are refused, and stay', async () => {
  const at = folder();
  writeFileSync(join(at, 'other'), 'mine');
  symlinkSync(join(at, 'other'), join(at, 'link'));
  mkdirSync(join(at, 'folder'));
  await expect(writeWhole(join(at, 'link'), 'new')).rejects.toThrow(
    /expected a file .* found a symbolic link/,
  );
  await expect(writeWhole(join(at, 'folder'), 'new')).rejects.toThrow(/expected a file .* found a folder/);
  await expect(writeWhole(join(at, 'other/inner'), 'new')).rejects.toThrow(
    /other.inner.* a file stands where/,
  );
  expect(readFileSync(join(at, 'other'), 'utf8')).toBe('mine');
  expect(readdirSync(at).sort()).toEqual(['folder', 'link', 'other']);
});

test('only what a killed writer has left is removed', async () => {
  const at = folder();
  mkdirSync(join(at, '.step-000001.0a1b2c3d.partial/inner'), { recursive: true });
  for (const name of ['.config.yaml.ffffffff.partial', 'a.partial', '.env', '.b.xyz.partial']) {
    writeFileSync(join(at, name), '');
  }
  await removePartials(at);
  expect(readdirSync(at).sort()).toEqual(['.b.xyz.partial', '.env', 'a.partial']);
  expect(await namesIn(join(at, 'nowhere'))).toEqual([]);
});
