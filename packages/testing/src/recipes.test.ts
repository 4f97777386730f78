import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/*
 * The recipes of CONTRIBUTING.md, followed to the letter in a copy of the packages: the new file, the entry in the table, and
 * nothing else. Then the copy is compiled, and the part is used from its room's front door.
 */

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const SAMPLES = fileURLToPath(new URL('../samples/', import.meta.url));

interface Recipe {
  what: string;
  /** The new file, with NAME in it. */
  file: string;
  /** The file with the table. */
  table: string;
}

/** The rows of the table under "Recipes". */
const all = [
  ...readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8').matchAll(
    /^\| ([a-z ]+?) +\| `(packages\/\S*NAME\S*)` +\| `(packages\/\S+)` +\|$/gm,
  ),
].map(([, what, file, table]): Recipe => ({ what: what!, file: file!, table: table! }));
/** A file with a table has one list of names. The order is the reader's, and the first may be a default. */
const TABLE = /(= \[[\w\s,.]*?),?(\s*\](?: as const)?;)/;
const hasTable = ({ table }: Recipe): boolean =>
  existsSync(join(ROOT, table)) && TABLE.test(readFileSync(join(ROOT, table), 'utf8'));
const recipes = all.filter(hasTable);

const copy = mkdtempSync(join(tmpdir(), 'touchstone-recipes-'));
afterAll(() => rmSync(copy, { recursive: true, force: true }));
const samplesOf = ({ what }: Recipe): string => join(SAMPLES, what.replaceAll(' ', '-'));
const nameOf = (recipe: Recipe): string =>
  basename(
    readdirSync(samplesOf(recipe)).find((file) => file !== 'use.ts')!,
    '.ts',
  );
/** Where the sample's own use of it stands: beside the new file. */
const useOf = (recipe: Recipe): string =>
  join(dirname(recipe.file).replace('NAME', nameOf(recipe)), 'use.ts');

beforeAll(() => {
  for (const room of readdirSync(join(ROOT, 'packages'))) {
    const source = join(ROOT, 'packages', room, 'src');
    if (existsSync(source)) cpSync(source, join(copy, 'packages', room, 'src'), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  const paths = {
    '@touchstone/train/schema': ['./packages/train/src/schema.ts'],
    '@touchstone/*': ['./packages/*/src/index.ts'],
  };
  writeFileSync(
    join(copy, 'tsconfig.json'),
    JSON.stringify({
      extends: join(ROOT, 'tsconfig.test.json'),
      compilerOptions: { paths, typeRoots: [join(ROOT, 'node_modules/@types')] },
      files: recipes.map(useOf),
      include: [],
    }),
  );
  writeFileSync(join(copy, 'package.json'), '{ "type": "module" }');
  // The engine's thread starts from a file beside the code: here, beside what is bundled.
  cpSync(join(ROOT, 'packages/engine/src/graph/worker.js'), join(copy, 'worker.js'));
  for (const recipe of recipes) follow(recipe);
});

function follow(recipe: Recipe): void {
  const name = nameOf(recipe);
  const file = join(copy, recipe.file.replaceAll('NAME', name));
  mkdirSync(dirname(file), { recursive: true });
  cpSync(join(samplesOf(recipe), `${name}.ts`), file);
  cpSync(join(samplesOf(recipe), 'use.ts'), join(copy, useOf(recipe)));

  const table = join(copy, recipe.table);
  const path = recipe.file.slice(dirname(recipe.table).length + 1).replaceAll('NAME', name);
  const text = readFileSync(table, 'utf8');
  const listed = text.replace(TABLE, `$1, ${name}$2`);
  writeFileSync(table, `import { ${name} } from './${path.replace(/\.ts$/, '.js')}';\n${listed}`);
}

describe('the recipes', () => {
  it('are the five that CONTRIBUTING has samples for', () => {
    expect(all.map((one) => basename(samplesOf(one))).sort()).toEqual(readdirSync(SAMPLES).sort());
  });

  it.each(all)('name a file with a table: $what', (recipe) => expect(hasTable(recipe)).toBe(true));

  it('compile', async () => {
    const tsc = run(process.execPath, [join(ROOT, 'node_modules/typescript-7/bin/tsc'), '-p', copy]);
    expect(await tsc.catch((error: { stdout: string }) => error)).toMatchObject({ stdout: '' });
  }, 300_000);

  it.each(recipes)(
    'give a $what that works',
    async (recipe) => {
      const outfile = join(copy, `${nameOf(recipe)}.mjs`);
      await build({
        entryPoints: [join(copy, useOf(recipe))],
        bundle: true,
        platform: 'node',
        format: 'esm',
        packages: 'external',
        tsconfig: join(copy, 'tsconfig.json'),
        outfile,
      });
      const used = run(process.execPath, [outfile], { cwd: copy });
      await expect(used, 'its use fails where an assertion does').resolves.toMatchObject({ stdout: '' });
    },
    120_000,
  );
});
