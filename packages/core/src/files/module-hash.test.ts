import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { hashOfModule } from './module-hash.js';

const outer = mkdtempSync(join(tmpdir(), 'touchstone-module-hash-'));
afterAll(() => rmSync(outer, { recursive: true }));

let count = 0;
/** A folder of these files. The first is the module. */
function folderOf(files: Record<string, string>) {
  const folder = join(outer, `${count++}`);
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  for (const [name, text] of Object.entries(files)) write(name, text);
  return { folder, write, print: () => hashOfModule(join(folder, Object.keys(files)[0]!)) };
}

it.each([
  ['an import', 'judge.mjs', 'import { re } from "./helper.mjs";', 'helper.mjs'],
  ['an import in one of several lines', 'judge.mjs', "import {\n  re,\n} from './helper.mjs';", 'helper.mjs'],
  ['what is handed on', 'judge.mjs', "export * from './lib/helper.mjs'", 'lib/helper.mjs'],
  ['a later import', 'judge.mjs', 'await import(`./helper.mjs`)', 'helper.mjs'],
  ['an import with a query', 'judge.mjs', "import './helper.mjs?1'", 'helper.mjs'],
  ['JSON', 'judge.mjs', "import words from './words.json' with { type: 'json' };", 'words.json'],
  ['require, and no ending', 'judge.mjs', "createRequire(import.meta.url)('./helper')", 'helper.cjs'],
  ['data', 'judge.mjs', "readFileSync(new URL('./words.txt', import.meta.url))", 'words.txt'],
  ['a file above it', 'own/judge.mjs', "import '../helper.mjs'", 'helper.mjs'],
  ['TypeScript', 'judge.ts', "import { re } from './helper.js';", 'helper.ts'],
  ['TypeScript of modules', 'judge.mts', "import { re } from './helper.mjs';", 'helper.mts'],
  ['a folder', 'judge.ts', "import { re } from './helper';", 'helper/index.ts'],
  ['the folder above', 'own/judge.ts', "import { re } from '..';", 'index.ts'],
])('counts %s', (_, main, text, other) => {
  const { write, print } = folderOf({ [main]: text, [other]: 'export const re = /^right/;' });
  const before = print();
  write(other, 'export const re = /^wrong/;');
  expect(print()).not.toBe(before);
});

it('counts what imports import, in a circle too, wherever the folder lies', () => {
  const files = {
    'judge.mjs': "import './a.mjs';",
    'a.mjs': "import './b.mjs';",
    'b.mjs': "import './judge.mjs'; import './itself/b.mjs'; export const n = 1;",
  };
  const [one, other] = [folderOf(files), folderOf(files)];
  // A link that leads back makes no longer and longer names.
  symlinkSync(one.folder, join(one.folder, 'itself'));
  const before = one.print();
  expect(other.print()).toBe(before);
  one.write('b.mjs', `${files['b.mjs']} `);
  expect(one.print()).not.toBe(before);
});

it('counts neither packages nor what a module may write, and is the hash of a module that names nothing', () => {
  const text = `import 'zod'; import './missing.mjs'; new URL('./%', import.meta.url); "${'./x'.repeat(9000)}";
    appendFileSync('./judge.log', 'x'); './a\\u0000'; './';`;
  const { write, print } = folderOf({ 'judge.mjs': text, 'node_modules/zod/index.js': '1', 'other.mjs': '' });
  const before = createHash('sha256').update(text).digest('hex');
  expect(print()).toBe(before);
  write('judge.log', 'x');
  write('node_modules/zod/index.js', '2');
  expect(print()).toBe(before);
});
