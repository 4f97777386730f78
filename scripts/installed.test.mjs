// The packages as somebody who has no clone gets them: packed, installed into an empty folder, run there.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packAll } from './pack.mjs';
import { PACKAGES, ROOT } from './packages.mjs';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'touchstone-installed-')));
// Many thousand files: other tests can run meanwhile, and none at the end, when the rest is removed.
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }), 300_000);

/** What npm says when nobody answers, and its cache does not have the rest. */
const NO_REGISTRY = /\b(ENOTCACHED|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH)\b/;

let packed;
let unreachable;
beforeAll(() => {
  packed = packAll(join(folder, 'tarballs'));
  writeFileSync(join(folder, 'package.json'), '{"private": true, "type": "module"}');
  const tarballs = packed.map(({ filename }) => `./tarballs/${filename}`);
  // Without install scripts, as this repository is installed.
  const how = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status, stderr } = spawnSync('npm', ['install', ...how, ...tarballs], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (status === 0) return;
  unreachable = NO_REGISTRY.exec(stderr)?.[0];
  if (unreachable === undefined) throw new Error(`npm install: ${stderr}`);
}, 300_000);

/** Runs a program of the folder, and says what went wrong where it fails. */
function run(file, ...args) {
  const child = spawn(process.execPath, [file, ...args], { cwd: folder });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (text += data));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, text })));
}
const touchstone = (...args) => run('node_modules/.bin/touchstone', ...args);

it('packs what runs and what says what it is, and nothing of the tests', () => {
  for (const { name, files } of packed) {
    const paths = files.map(({ path }) => path);
    expect(paths, name).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'package.json', 'dist/index.js']),
    );
    expect(
      paths.filter((path) =>
        /\.(test|testing|fixture)\.|(^|\/)testing\.|\.map$|tsbuildinfo|stand_ins/.test(path),
      ),
      name,
    ).toEqual([]);
    const {
      description,
      repository,
      keywords,
      exports,
      folder: at,
    } = PACKAGES.find((one) => one.name === name);
    expect({ description, keywords, at: repository.directory }, name).toEqual({
      description: expect.stringMatching(/\w{3}/),
      keywords: expect.arrayContaining(['reinforcement-fine-tuning']),
      at,
    });
    for (const target of [exports['.'].types, exports['.'].default]) expect(paths).toContain(target.slice(2));
  }
  expect(packed.map(({ name }) => name)).not.toContain('@touchstone/testing');
});

it('runs the quickstart, shortened', async ({ skip }) => {
  skip(unreachable !== undefined, `the registry cannot be reached (${unreachable})`);
  writeFileSync(
    join(folder, 'prepare.mjs'),
    `import { readFileSync, writeFileSync } from 'node:fs';
    import { prepareQuickstart } from '@touchstone/quickstart';
    import { parse, stringify } from 'yaml';
    const sizes = { train: 8, eval: 3, annotations: 12, labelled: 3, regression: 3 };
    const path = await prepareQuickstart('short', 1, { sizes });
    const config = parse(readFileSync(path, 'utf8'));
    config.gate = 'off';
    config.validation = { repeats: 1, probes: 0 };
    config.reward.abstention.limit = 0.5;
    Object.assign(config.training, { steps: 2, prompts_per_step: 2, group_size: 2 });
    Object.assign(config.training.sft, { steps: 2, batch_size: 4, evaluate_every: 1 });
    writeFileSync(path, stringify(config));`,
  );
  expect(await run('prepare.mjs')).toEqual({ code: 0, text: '' });
  const done = await touchstone('quickstart', '--out', 'short', '--no-gate', 'only a test');
  expect(done).toEqual({ code: 0, text: expect.stringMatching(/BASE[^]*SFT[^]*RFT/) });
  const summary = JSON.parse(readFileSync(join(folder, 'short', 'summary.json'), 'utf8'));
  expect(Object.keys(summary.models)).toEqual(['base', 'sft', 'rft']);
  expect(existsSync(join(folder, 'short', 'report.html'))).toBe(true);
}, 300_000);

it('starts a case of its own, and knows what it still lacks', async ({ skip }) => {
  skip(unreachable !== undefined, `the registry cannot be reached (${unreachable})`);
  expect(await touchstone('init', 'my-case')).toMatchObject({ code: 0 });
  expect(existsSync(join(folder, 'my-case', 'data', 'labelled.jsonl'))).toBe(true);
  const { code, text } = await touchstone('doctor', 'my-case');
  expect({ code, text }).toEqual({
    code: 0,
    text: expect.stringMatching(/warning +Training .*: policy\.model: /),
  });
  // The Lambda function is bundled from the installed packages.
  const path = join(folder, 'my-case', 'touchstone.yaml');
  const local = readFileSync(path, 'utf8');
  writeFileSync(path, local.replace('http://127.0.0.1:8000/v1', 'https://judge.example/v1'));
  expect(await touchstone('reward', 'bundle', 'my-case', '--out', 'lambda')).toMatchObject({ code: 0 });
  expect(await touchstone('reward', 'shim', 'trl', '--out', 'reward.py')).toMatchObject({ code: 0 });
}, 120_000);

it('is a library', async ({ skip }) => {
  skip(unreachable !== undefined, `the registry cannot be reached (${unreachable})`);
  const [, sample] = /^```ts\n(.*?)^```/ms.exec(readFileSync(join(ROOT, 'packages/core/README.md'), 'utf8'));
  writeFileSync(
    join(folder, 'sample.mjs'),
    sample.replace("'@touchstone/core'", "'touchstone'").replaceAll(' as const', ''),
  );
  expect(await run('sample.mjs')).toEqual({ code: 0, text: '1, 0.525, 0\n' });
});
