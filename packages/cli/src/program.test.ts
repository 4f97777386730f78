import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { version } from '@touchstone/run';
import type { Summary } from '@touchstone/spec';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from './program.js';

const root = mkdtempSync(join(tmpdir(), 'touchstone-cli-'));
afterAll(() => rmSync(root, { recursive: true }));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(root, 'case-'));
});

async function cli(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const got = { out: '', err: '' };
  const sink = (key: 'out' | 'err') => ({ write: (text: string) => void (got[key] += text) });
  const code = await runCli(args, { out: sink('out'), err: sink('err'), env: {} });
  return { code, ...got };
}

describe('arguments', () => {
  it.each([
    [['ini'], "error: unknown command 'ini' (Did you mean init?); see touchstone --help\n"],
    [['report'], "error: missing required argument 'folder'; see touchstone --help\n"],
    [['init', '--force'], "error: unknown option '--force'; see touchstone --help\n"],
    [
      ['schema', 'cofig'],
      expect.stringMatching(
        /^error: [^\n]*Allowed choices are config, summary, trainings, evaluation, record, alignment, openapi; see[^\n]*\n$/,
      ),
    ],
  ])('%j end with one line and exit code 2', async (args, err) => {
    expect(await cli(...args)).toEqual({ code: 2, out: '', err });
  });

  it('help and version end well', async () => {
    expect(await cli('--version')).toEqual({ code: 0, out: `${version()}\n`, err: '' });
    expect(await cli('--help')).toMatchObject({ code: 0, out: expect.stringContaining('init'), err: '' });
    expect((await cli('quickstart', '--help')).out).toContain('default: runs/quickstart-SEED');
    expect(await cli()).toMatchObject({ code: 2, err: expect.stringContaining('Usage: touchstone') });
  });
});

describe('init and doctor', () => {
  it('write a configuration that only lacks its policy', async () => {
    const target = join(folder, 'new');
    const names = [
      'touchstone.yaml',
      'answer.schema.json',
      ...['eval', 'labelled', 'regression', 'train'].map((name) => `data/${name}.jsonl`),
      'touchstone.schema.json',
    ];
    const { code, out } = await cli('init', target, '--json');
    expect({ code, written: (JSON.parse(out) as { written: string[] }).written }).toEqual({
      code: 0,
      written: names.map((name) => join(target, name)),
    });
    const [first] = readFileSync(join(target, 'touchstone.yaml'), 'utf8').split('\n');
    expect(first).toBe('# yaml-language-server: $schema=./touchstone.schema.json');

    const { code: fit, out: checks, err } = await cli('doctor', target);
    expect(checks).toMatch(/ok +Node.*\n.*ok +SQLite/);
    expect({ fit, err }).toEqual({ fit: 0, err: '' });
    expect(checks.match(/^warning .*/gm)).toEqual([
      expect.stringMatching(
        /Training +only .*touchstone\.yaml:\d+:10: policy\.model: there is no such model folder/,
      ),
    ]);
  });

  it('write another template by name', async () => {
    const target = join(folder, 'preference');
    expect((await cli('init', target, '--template', 'preference')).code).toBe(0);
    expect(existsSync(join(target, 'answer.schema.json'))).toBe(false);
    expect(readFileSync(join(target, 'touchstone.yaml'), 'utf8')).toContain('kind: preference');
    expect(await cli('init', target, '--template', 'prefrence')).toMatchObject({
      code: 2,
      err: expect.stringContaining(
        'Allowed choices are contract-review, helpfulness, faithfulness, preference',
      ),
    });
  });

  it('write nothing over, and nothing at all when one file is there', async () => {
    writeFileSync(join(folder, 'answer.schema.json'), 'mine');
    const { code, err } = await cli('init', folder);
    expect(code).toBe(2);
    expect(err).toBe(
      `error: ${folder}: there already: answer.schema.json. Move away what is there, or name another folder\n`,
    );
    expect(existsSync(join(folder, 'touchstone.yaml'))).toBe(false);
    expect(readFileSync(join(folder, 'answer.schema.json'), 'utf8')).toBe('mine');
    writeFileSync(join(folder, 'touchstone.schema.json'), 'mine');
    expect((await cli('init', folder)).err).toMatch(
      /^error: [^\n]*: answer[^\n]*, touchstone\.schema\.json\. [^\n]*\n$/,
    );
    rmSync(join(folder, 'touchstone.schema.json'));
  });
});

describe('report', () => {
  it('writes the page from summary.json', async () => {
    writeFileSync(join(folder, 'summary.json'), JSON.stringify(SUMMARY));
    const { code, out, err } = await cli('report', folder, '--json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const { report } = JSON.parse(out) as { report: string };
    expect(readFileSync(report, 'utf8')).toMatch(/^<!doctype html>[^]*a-run-of-the-test/i);
  });

  it.each([
    ['no file', undefined, 'there is no such file: expected the folder of a run that has ended'],
    ['not JSON', '{', 'not JSON'],
    [
      'another shape',
      JSON.stringify({ version: 1, seed: 'x' }),
      'not a summary of this version of Touchstone: ',
    ],
  ])('refuses %s', async (_, content, message) => {
    if (content !== undefined) writeFileSync(join(folder, 'summary.json'), content);
    const { code, err } = await cli('report', folder);
    expect(code).toBe(2);
    expect(err).toContain(`error: ${join(folder, 'summary.json')}: ${message}`);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });
});

it.each([
  ['1', 'expected a number of trainings, 2 to 100, or different seeds'],
  ['1,1', 'expected a number of trainings, 2 to 100, or different seeds'],
  ['1,x', 'expected a whole number'],
])('refuses run --seeds %s', async (seeds, message) => {
  const { code, err } = await cli('run', 'nowhere', '--seeds', seeds);
  expect([code, err]).toEqual([2, expect.stringContaining(message)]);
});

it.each([
  ['config', 'touchstone'],
  ['summary', 'summary'],
  ['trainings', 'trainings'],
])('prints the published schema of %s', async (of, name) => {
  const { code, out } = await cli('schema', of);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ $id: `https://touchstone.dev/schema/${name}.json` });
});

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** Writes every module's address to stderr when it is loaded. */
const TELL = `data:text/javascript,import{register}from"node:module";register("data:text/javascript,${encodeURIComponent(
  'export const load = (url, context, next) => (process._rawDebug(url), next(url, context))',
)}")`;
const built = existsSync(main);

describe.skipIf(!built)(`the built program${built ? '' : ' (skipped: run "npm run build" first)'}`, () => {
  // What npm links: it is there before anything is built, when `npm ci` looks for it.
  const linked = fileURLToPath(new URL('../bin/touchstone.js', import.meta.url));
  const touchstone = (...args: string[]) => spawnSync(linked, args, { cwd: folder, encoding: 'utf8' });

  it('starts a folder, and fails without a stack', () => {
    expect(touchstone('init')).toMatchObject({ status: 0, stderr: '' });
    expect(existsSync(join(folder, 'touchstone.yaml'))).toBe(true);
    writeFileSync(join(folder, 'touchstone.yaml'), 'polcy: 1\n');
    const { status, stderr } = touchstone('doctor', '.');
    expect(status).toBe(2);
    expect(stderr).toContain('touchstone.yaml:1:1: unknown key "polcy", did you mean "policy"?');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it.each([['judge'], ['judge', 'label'], ['compare'], ['reward', 'serve'], ['watch']])(
    'begins %s without the engine, the trainer and ONNX Runtime',
    (...command) => {
      const args = ['--import', TELL, main, ...command, '--help'];
      const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      expect(status).toBe(0);
      expect(stderr).toContain('packages/run/dist/index.js');
      expect(stderr).not.toMatch(/packages\/(?:engine|train)\/dist\/index\.js|onnxruntime/);
    },
  );
});

const SUMMARY: Summary = {
  version: 3,
  name: 'a-run-of-the-test',
  seed: 1,
  created: '2026-01-01T00:00:00.000Z',
  versions: {},
  data: { train_tasks: 0, eval_tasks: 0, eval_trained: false, labelled: 0 },
  models: {},
  comparisons: [],
  judge: {
    id: 'local:judge',
    fingerprint: 'f',
    heldout_id: null,
    heldout_fingerprint: null,
    calls: 0,
    saved: 0,
    abstained: 0,
    abstentions: {},
    input_tokens: 0,
    output_tokens: 0,
    money: 0,
    heldout_cost: null,
    metrics: { truth_agreement: null },
    findings: [],
    families: [],
    not_asked: [],
    details: null,
    gate: 'not-set',
    override_reason: null,
    certificate: null,
  },
  training: {
    engine: null,
    algorithm: 'grpo',
    steps: 0,
    rollouts: 0,
    abstained: 0,
    zero_variance_groups: 0,
    tokens: 0,
    tokens_per_second: 0,
    wall_seconds: 0,
    checkpoint: null,
    sft: null,
  },
  steps: [],
  examples: [],
  alarms: [],
  monitor_alarms: [],
  resumed: [],
  stages: [],
};
