import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startProvider, type ProviderServer } from '@touchstone/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../program.js';
import {
  change,
  lengthJudge,
  running,
  smallQuickstart,
  smallRun,
  summaryOf,
  TIMEOUT_MS,
  train,
} from './small-run.testing.js';

/** Of another operating system. */
const ABSENT = process.platform === 'darwin' ? 'dml' : 'coreml';

describe('touchstone run', { timeout: TIMEOUT_MS }, () => {
  let endpoint: ProviderServer;
  beforeAll(async () => (endpoint = await startProvider({ respond: lengthJudge })));
  afterAll(() => endpoint.goDown());

  it('goes from baseline to report, and again without harm', async () => {
    const folder = await smallQuickstart();
    const first = await train(folder);
    expect(first).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /judge score[\s\S]*BASE[\s\S]*SFT[\s\S]*RFT[\s\S]*RFT − SFT[\s\S]*n = 3 tasks;[\s\S]*report\.html/,
      ),
    });
    const summary = summaryOf(folder);
    expect(Object.keys(summary.models)).toEqual(['base', 'sft', 'rft']);
    expect(summary).toMatchObject({
      seed: 1,
      training: { steps: 3, rollouts: 12 },
      steps: [{ step: 1 }, { step: 2 }, { step: 3 }],
    });
    expect(summary.judge.calls).toBeGreaterThan(0);
    expect(summary.comparisons.map(({ better, baseline }) => `${better}-${baseline}`)).toContain('rft-sft');
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('<!doctype html>');

    expect(await train(folder, '--json')).toMatchObject({ code: 0 });
    const timeless = { created: '', digest: '' };
    expect({ ...summaryOf(folder), ...timeless }).toEqual({ ...summary, ...timeless });

    // Nobody would heed it.
    const asked = await running('watch', folder, '--pause').ended;
    expect(asked).toMatchObject({ code: 2, err: expect.stringContaining('no process is at work on it') });
  });

  it('refuses to mix two runs in one folder, and says what differs', async () => {
    const folder = await smallRun(endpoint.url);
    expect(await train(folder)).toMatchObject({ code: 0 });
    change(folder, (config) => (config['judge']!['concurrency'] = 3));
    expect(await train(folder)).toMatchObject({ code: 0 });
    const other = await train(folder, '--seed', '2');
    expect(other).toMatchObject({ code: 2, out: '' });
    expect(other.err).not.toMatch(/\n\s+at /);
    expect(other.err).toMatch(
      /config\.yaml: this folder holds another run: the configuration differs\. Choose another folder/,
    );
    writeFileSync(
      join(folder, 'data/eval.jsonl'),
      readFileSync(join(folder, 'data/eval.jsonl'), 'utf8').split('\n').slice(1).join('\n'),
    );
    expect((await train(folder)).err).toMatch(/another run: data\/eval\.jsonl differ/);
  });

  it('stops at the gate with exit code 3, and goes on when somebody says why', async () => {
    const folder = await smallQuickstart((config) => (config['gate'] = { label_accuracy: { min: 1.01 } }));
    const refused = await train(folder);
    expect(refused.code).toBe(3);
    expect(refused.err).toMatch(/label_accuracy/);
    const overridden = await running('run', folder, '--override-gate', 'only a test').ended;
    expect(overridden.code).toBe(0);
    expect(summaryOf(folder).judge).toMatchObject({
      gate: 'insufficient-data',
      override_reason: 'only a test',
    });
  });
});

describe('a monitor', { timeout: TIMEOUT_MS }, () => {
  it('pauses the training with exit code 4, and it goes on when somebody says why', async () => {
    const endpoint = await startProvider({ respond: lengthJudge });
    const folder = await smallRun(endpoint.url, (config) => {
      config['monitors'] = { every: 1, tasks: 2, anchor_drift: { threshold: -1, action: 'pause' } };
    });
    const paused = await train(folder);
    expect(paused.code).toBe(4);
    expect(paused.err).toMatch(/paused after step 1:[\s\S]*anchor_drift[\s\S]*--go-on "REASON"/);
    expect(await train(folder, '--json')).toMatchObject({ code: 4, out: '' });
    // No process is there that could go on.
    const asked = await running('watch', folder, '--go-on').ended;
    expect(asked).toMatchObject({ code: 2, out: '', err: expect.stringContaining('run … --go-on "REASON"') });
    expect(await train(folder, '--go-on', 'only a test')).toMatchObject({ code: 0 });
    expect(summaryOf(folder)).toMatchObject({
      steps: [{ step: 1 }, { step: 2 }, { step: 3 }],
      monitor_alarms: [{ monitor: 'anchor_drift', step: 1 }],
      resumed: [{ step: 1, reason: 'only a test' }],
    });
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('anchor_drift');
    await endpoint.goDown();
  });
});

describe('wrong input is one clear message with its place and exit code 2', () => {
  it.each<[string, (folder: string) => void, RegExp]>([
    [
      'a wrong key',
      (f) => replace(f, 'steps: 3', 'stepz: 3'),
      /touchstone\.yaml:\d+:\d+: .*stepz.*did you mean "steps"/,
    ],
    [
      'a wrong type',
      (f) => replace(f, 'steps: 3', 'steps: many'),
      /touchstone\.yaml:\d+:\d+: .*steps.*expected.*"many"/,
    ],
    [
      'a missing file',
      (f) => rmSync(join(f, 'data/eval.jsonl')),
      /touchstone\.yaml:\d+:\d+: data\.eval: there is no such file/,
    ],
    ['an empty data file', (f) => writeFileSync(join(f, 'data/train.jsonl'), ''), /train\.jsonl: .*empty/],
    [
      'a bad line',
      (f) =>
        writeFileSync(
          join(f, 'data/train.jsonl'),
          '{"messages":[{"role":"user","content":"a"}]}\n{"messages":7}\nnot json\n',
        ),
      /train\.jsonl:2: messages[\s\S]*train\.jsonl:3:/,
    ],
    [
      'a model folder without weights',
      (f) => replace(f, /local:.*policy/, 'local:data'),
      /touchstone\.yaml:\d+:\d+: policy\.model: .*config\.json/,
    ],
    [
      'one annotated answer, of which none is left to choose by',
      (f) => {
        const path = join(f, 'data/annotations.jsonl');
        writeFileSync(path, readFileSync(path, 'utf8').split('\n')[0]!);
      },
      /annotations\.jsonl: expected at least 2 annotated answers for training\.sft.* got 1/,
    ],
    [
      'too little memory',
      (f) => change(f, (config) => Object.assign(config, { engine: { memory: '200MB' } })),
      /engine\.memory: training this model of [\d,]+ weights on task .* needs about \d+\S*MB, and 200MB are allowed.* a smaller model/,
    ],
    [
      'a provider that this machine does not have',
      (f) => change(f, (config) => Object.assign(config, { engine: { provider: ABSENT } })),
      /engine\.provider: ONNX Runtime cannot compute with \w+ here: /,
    ],
  ])('%s', async (_, spoil, message) => {
    const folder = await smallQuickstart();
    spoil(folder);
    // In this process: that such an end is a process's exit code, and its message all of stderr, is seen above.
    const got = { out: '', err: '' };
    const to = (key: 'out' | 'err') => ({ write: (text: string) => void (got[key] += text) });
    const args = ['run', folder, '--no-gate', 'only a test'];
    const code = await runCli(args, { out: to('out'), err: to('err'), env: {} });
    expect({ code, ...got }).toEqual({ code: 2, out: '', err: expect.stringMatching(message) });
    expect(got.err).not.toMatch(/\n\s+at /);
  });
});

function replace(folder: string, what: string | RegExp, by: string): void {
  const path = join(folder, 'touchstone.yaml');
  writeFileSync(path, readFileSync(path, 'utf8').replace(what, by));
}
