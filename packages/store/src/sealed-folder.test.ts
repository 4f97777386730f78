import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunError } from '@touchstone/spec';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readSealed, writeSealed, type Seal } from './sealed-folder.js';

const root = mkdtempSync(join(tmpdir(), 'sealed-'));
const seal: Seal = { run: 'r', stage: 's', step: 7, versions: { node: 'v1' } };
const FILES = { 'a.bin': 'some bytes', 'inner/b.json': '{"n":1}', 'inner/empty': '' };
const MANIFEST = 'touchstone-manifest.json';

const write = (folder: string): Promise<string> =>
  writeSealed(folder, seal, async (partial) => {
    mkdirSync(join(partial, 'inner'));
    for (const [name, content] of Object.entries(FILES)) await writeFile(join(partial, name), content);
  });

test('what was written is read; any byte that is changed, cut off or added is named with its file', async () => {
  const whole = join(root, 'whole');
  const digest = await write(whole);
  expect(await readSealed(whole, digest)).toEqual(seal);
  const change = fc.record({
    name: fc.constantFrom(...Object.keys(FILES), MANIFEST),
    how: fc.constantFrom('flip', 'cut', 'add', 'remove'),
    at: fc.nat(),
    bit: fc.nat(7),
  });
  await fc.assert(
    fc.asyncProperty(change, async ({ name, how, at, bit }) => {
      const bytes = readFileSync(join(whole, name));
      fc.pre(how === 'add' || how === 'remove' || bytes.length > 0);
      const folder = mkdtempSync(join(root, 'copy-'));
      cpSync(whole, folder, { recursive: true });
      const place = at % Math.max(1, bytes.length);
      if (how === 'flip') bytes[place] = bytes[place]! ^ (1 << bit);
      if (how === 'remove') rmSync(join(folder, name));
      else {
        writeFileSync(
          join(folder, name),
          how === 'cut'
            ? bytes.subarray(0, place)
            : Buffer.concat([bytes, Buffer.from(how === 'add' ? '\n' : '')]),
        );
      }
      const problem: unknown = await readSealed(folder, digest).catch((error: unknown) => error);
      expect(RunError.is(problem) && problem.message).toContain(name);
      rmSync(folder, { recursive: true });
    }),
    { numRuns: 150, seed: 1 },
  );
});

test('a folder of the same name is replaced whole, and nothing else is left beside it', async () => {
  const folder = join(root, 'beside/target');
  await write(folder);
  writeFileSync(join(folder, 'stale'), '');
  await expect(readSealed(folder)).rejects.toThrow('stale does not belong to it');
  await write(folder);
  expect(await readSealed(folder)).toEqual(seal);
  const failed = writeSealed(folder, seal, () => Promise.reject(new Error('no more')));
  await expect(failed).rejects.toThrow('no more');
  expect(await readSealed(folder)).toEqual(seal);
  expect(readdirSync(join(root, 'beside'))).toEqual(['target']);
});

test('links are neither followed nor removed with what they name', async () => {
  const folder = join(root, 'linked');
  const digest = await write(folder);
  rmSync(join(folder, 'a.bin'));
  writeFileSync(join(root, 'elsewhere'), FILES['a.bin']);
  symlinkSync(join(root, 'elsewhere'), join(folder, 'a.bin'));
  await expect(readSealed(folder, digest)).rejects.toThrow('a.bin is no file');
  symlinkSync(folder, join(root, 'alias'));
  await expect(write(join(root, 'alias'))).rejects.toThrow(
    /alias: expected a folder .* found a symbolic link/,
  );
  expect(readFileSync(join(root, 'elsewhere'), 'utf8')).toBe(FILES['a.bin']);
});
