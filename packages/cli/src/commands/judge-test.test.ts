import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ruleJudge, startProvider, type ProviderServer } from '@touchstone/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../program.js';
import { elementsOf } from './judge-test/junit.testing.js';

const folder = mkdtempSync(join(tmpdir(), 'touchstone-suite-'));
let simulator: ProviderServer;
/** Says the number that an answer begins with, of 1 to 5; the model called "kind" one more; nothing of "unreadable", and the one called "silent" nothing at all. */
beforeAll(async () => {
  simulator = await startProvider({
    respond: ruleJudge((candidate, { model }) => {
      if (candidate.includes('unreadable') || model === 'silent') return 'no JSON';
      const said = Number.parseInt(candidate, 10);
      return { Quality: model === 'kind' ? Math.min(5, said + 1) : said };
    }),
  });
  writeJudge('touchstone.yaml', 'strict');
  writeJudge('kind.yaml', 'kind');
  writeJudge('silent.yaml', 'silent');
});
afterAll(async () => {
  await simulator.goDown();
  rmSync(folder, { recursive: true });
});

function writeJudge(name: string, model: string): void {
  writeFileSync(
    join(folder, name),
    `output: runs
data: { regression: cases.jsonl }
validation: { repeats: 2 }
heldout_judge:
  model: openai-compatible:other
  base_url: ${simulator.url}
  api_key_env: A_KEY_THAT_THE_SUITE_DOES_NOT_NEED
  objective: Judge it.
  criteria: [{ name: Useful, question: Is it useful? }]
judge:
  model: openai-compatible:${model}
  base_url: ${simulator.url}
  structured_output: prompt
  attempts: 1
  objective: Judge it.
  criteria: [{ name: Quality, question: How good is it?, scale: graded, anchors: { 1: bad, 5: good } }]
`,
  );
}

function writeCases(...cases: object[]): void {
  const lines = cases.map((one, i) => JSON.stringify({ id: `t${i}`, question: `Question ${i}?`, ...one }));
  writeFileSync(join(folder, 'cases.jsonl'), lines.join('\n'));
}

async function test(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const got = { out: '', err: '' };
  const sink = (key: 'out' | 'err') => ({ write: (text: string) => void (got[key] += text) });
  const code = await runCli(['judge', 'test', folder, ...args], {
    out: sink('out'),
    err: sink('err'),
    env: {},
  });
  return { code, ...got };
}

const good = (n: number): object[] =>
  Array.from({ length: n }, () => ({ kind: 'good', response: '5', min: 0.8 }));
const pair = {
  kind: 'order',
  better: '4 whole',
  worse: '3 damaged',
  critical: true,
  why: 'Half of it is lost.',
};

describe('touchstone judge test', () => {
  it('passes a judge that holds its cases, and asks for nothing twice', async () => {
    writeCases(...good(4), pair, { kind: 'invariance', response: '2 and', variant: '2 or' });
    const first = await test('--json');
    expect({ code: first.code, err: first.err }).toEqual({ code: 0, err: '' });
    const result = JSON.parse(first.out) as { cases: object[]; gate: string };
    expect(result).toMatchObject({
      gate: 'passed',
      judge: { id: 'openai-compatible:strict' },
      health: { cases: 6, tasks: 6, critical: 1, withoutWhy: 5 },
      usage: { calls: 16 },
      against: null,
    });
    expect(result.cases[4]).toMatchObject({
      name: 't4 order',
      outcome: 'held',
      expected: 'better above worse',
      got: '0.75 and 0.50',
    });
    expect(JSON.parse((await test('--json')).out)).toMatchObject({ usage: { calls: 0, saved: 16 } });
  });

  it('stops at a critical case: failed first in the table, and in the JUnit file with its reason', async () => {
    writeCases(
      ...good(40),
      { ...pair, better: '2 <b>whole</b> & "sound"', tags: ['numbers'] },
      { kind: 'incident', response: 'unreadable', max: 0.2 },
    );
    const junit = join(folder, 'reports/judge.xml');
    const { code, out, err } = await test('--junit', junit);
    expect(code).toBe(3);
    expect(
      out
        .split('\n')
        .slice(1, 5)
        .map((line) => line.split(/ {2,}/)),
    ).toEqual([
      ['case', 'outcome', 'expected', 'got', 'why'],
      [
        expect.stringMatching(/^-+$/),
        ...Array.from({ length: 5 }, () => expect.stringMatching(/^-+$/) as string),
      ],
      ['t40 order', 'failed', 'critical', 'better above worse', '0.25 and 0.50', 'Half of it is lost.'],
      ['t41 incident', 'abstained', 'at most 0.2', expect.stringMatching(/^abstained \(unparseable: .*\)$/)],
    ]);
    expect(err).toContain('critical cases that do not hold: t40 order');
    expect(err).toContain('regression.critical_failures: 1.000 [1.000, 1.000], expected max 0: fail');
    const xml = readFileSync(junit, 'utf8');
    expect(elementsOf(xml).filter((name) => name === 'testcase')).toHaveLength(42);
    expect(xml).toContain('<testsuites tests="42" failures="1" errors="1">');
    expect(xml).toContain('<testcase classname="regression.order.numbers" name="t40 order">');
    expect(xml).toMatch(
      /<failure type="failed" message="critical: expected better above worse, got 0\.25 and 0\.50">/,
    );
    expect(xml).toContain('why: Half of it is lost.');
    expect(xml).toMatch(/<error type="abstained" message="expected at most 0\.2, got abstained/);
  });

  it('holds a judge against another version: what is worse and what is not shown both stop it', async () => {
    const bad = Array.from({ length: 60 }, (_, i) => ({
      kind: 'bad',
      response: i < 20 ? '2' : '1',
      max: 0.25,
    }));
    writeCases(...bad);
    const worse = await runCliOn('kind.yaml', '--against', join(folder, 'touchstone.yaml'), '--json');
    expect(worse.code).toBe(3);
    expect(JSON.parse(worse.out)).toMatchObject({
      against: {
        judge: { id: 'openai-compatible:strict' },
        comparison: { verdict: 'worse', lost: 20, gained: 0, margin: 0.02 },
      },
    });
    expect(worse.err).toContain('against the other version: worse');

    writeCases(...good(30));
    const few = await test('--against', join(folder, 'kind.yaml'));
    expect(few.code).toBe(3);
    expect(few.err).toContain('not shown to be as good');
    expect(few.out).toContain('0 of 30 cases lost, 0 gained; exact McNemar p = 1.0000.');
    expect((await test('--against', join(folder, 'kind.yaml'), '--margin', '0.25')).code).toBe(0);

    const same = await test('--against', join(folder, 'touchstone.yaml'));
    expect({ code: same.code, out: same.out }).toEqual({
      code: 0,
      out: expect.stringContaining('is the same judge'),
    });
  });

  it('does not pass a judge that has no verdict on the hard cases', async () => {
    const hard = { kind: 'bad', response: 'unreadable', max: 0.2 };
    writeCases(...good(18), hard);
    expect(await test()).toMatchObject({
      code: 3,
      err: expect.stringContaining('1 of 19 cases have no verdict; reward.abstention.limit is 0.05'),
    });
    writeCases(...good(20), hard);
    expect(await test()).toMatchObject({ code: 0 });
    writeCases(hard, hard);
    expect(await test()).toMatchObject({
      code: 1,
      err: expect.stringContaining('no verdict on any of 2 cases; the first: abstained (unparseable'),
    });
  });

  it('compares with a version that gives no verdict at all as with one that holds nothing, and says so', async () => {
    writeCases(...good(20));
    const against = ['--against', join(folder, 'silent.yaml')];
    const { code, out } = await test(...against);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^Warning: The other version, openai-compatible:silent \([\da-f]{16}\), gave no verdict on any of 20 cases; the first: abstained \(unparseable: .*\)\. It counts as one that holds none of them\.$/m,
    );
    expect(out).toContain('0 of 20 cases lost, 20 gained');
    expect(JSON.parse((await test('--json', ...against)).out)).toMatchObject({
      cases: Array.from({ length: 20 }, () => ({ outcome: 'held' })),
      against: {
        warning: expect.stringContaining('gave no verdict on any of 20 cases'),
        comparison: { verdict: 'not-worse', gained: 20 },
      },
    });
    const kind = await test('--json', '--against', join(folder, 'kind.yaml'));
    expect(JSON.parse(kind.out)).toMatchObject({ against: { warning: null } });
  });

  it('leaves the JUnit file of a judge that gives no verdict at all, and does not ask the other version', async () => {
    writeCases(...good(5));
    const junit = join(folder, 'reports/silent.xml');
    const { code, err } = await runCliOn(
      'silent.yaml',
      '--junit',
      junit,
      '--against',
      join(folder, 'touchstone.yaml'),
    );
    expect(code).toBe(1);
    expect(err).toContain('The judge gave no verdict on any of 5 cases; the first: abstained (unparseable');
    expect(err).not.toContain('Testing the other version');
    const xml = readFileSync(junit, 'utf8');
    expect(elementsOf(xml).filter((name) => name === 'error')).toHaveLength(5);
    expect(xml).toContain('<testsuites tests="5" failures="0" errors="5">');
  });

  it('refuses what it cannot understand', async () => {
    writeCases({ kind: 'good', response: '5', min: 0.8, critcal: true });
    expect(await test()).toMatchObject({
      code: 2,
      err: expect.stringMatching(/cases\.jsonl:1: critcal: .*did you mean "critical"\?/),
    });
    writeCases(...good(5));
    expect(await test('--margin', '2')).toMatchObject({ code: 2, err: expect.stringContaining('--margin') });
    expect(await test('--against', join(folder, 'none.yaml'))).toMatchObject({ code: 2 });
    writeFileSync(
      join(folder, 'no-cases.yaml'),
      readFileSync(join(folder, 'touchstone.yaml'), 'utf8').replace(/^data:.*$/m, ''),
    );
    expect(await runCliOn('no-cases.yaml')).toMatchObject({
      code: 2,
      err: expect.stringContaining('data.regression: expected cases'),
    });
  });
});

async function runCliOn(name: string, ...args: string[]) {
  const got = { out: '', err: '' };
  const sink = (key: 'out' | 'err') => ({ write: (text: string) => void (got[key] += text) });
  const path = join(folder, name);
  const code = await runCli(['judge', 'test', path, ...args], {
    out: sink('out'),
    err: sink('err'),
    env: {},
  });
  return { code, ...got };
}
