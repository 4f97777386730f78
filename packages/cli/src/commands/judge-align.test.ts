import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alignmentSummarySchema, type AlignmentSummary, random } from '@touchstone/spec';
import { ruleJudge, startProvider, type ProviderServer } from '@touchstone/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../program.js';

const folder = mkdtempSync(join(tmpdir(), 'touchstone-align-'));
const EVIL = '<img src=x onerror=alert(1)>';
let simulator: ProviderServer;
let calls = 0;

/** Kind where the answer says "please"; Short where it has no "indeed"; of "mumble" it says nothing. */
beforeAll(async () => {
  simulator = await startProvider({
    respond: ruleJudge((candidate) => {
      calls++;
      if (candidate.includes('mumble')) return 'no JSON';
      return { Kind: candidate.includes('please'), Short: !candidate.includes('indeed') };
    }),
  });
});
afterAll(async () => {
  await simulator.goDown();
  rmSync(folder, { recursive: true });
});

function write(metrics: string, ...more: object[]): void {
  writeFileSync(
    join(folder, 'touchstone.yaml'),
    `name: post
output: runs
data: { outcomes: outcomes.jsonl }
validation: { repeats: 2 }
metrics: ${metrics}
judge:
  model: openai-compatible:rule
  base_url: ${simulator.url}
  structured_output: prompt
  attempts: 1
  price: { input: 1, output: 1 }
  objective: Judge it.
  criteria: [{ name: Kind, question: Is it kind? }, { name: Short, question: Is it short? }]
`,
  );
  const draw = random(1, 'outcomes');
  const lines = Array.from({ length: 80 }, (_, i) => {
    const kind = draw.next() < 0.5;
    const words = [kind ? 'please' : 'now', draw.next() < 0.5 ? 'indeed' : '', 'x'.repeat(draw.integer(60))];
    return {
      id: `t${i}`,
      question: `Question ${i}?`,
      response: `Wait ${words.join(' ')}.`,
      variant: ['old', `new ${EVIL}`][i % 2],
      outcomes: { solved: draw.next() < (kind ? 0.9 : 0.2), other: i },
      topic: ['post', 'bank'][draw.integer(2)],
    };
  });
  writeFileSync(
    join(folder, 'outcomes.jsonl'),
    [...lines, ...more].map((line) => JSON.stringify(line)).join('\n'),
  );
}

async function align(...args: string[]) {
  const got = { out: '', err: '' };
  const sink = (key: 'out' | 'err') => ({ write: (text: string) => void (got[key] += text) });
  const code = await runCli(['judge', 'align', folder, ...args], {
    out: sink('out'),
    err: sink('err'),
    env: {},
  });
  return { ...got, code };
}

test('judge align names the criteria, leaves a page and alignment.json, and asks nothing twice', async () => {
  write(
    '{ solved: { direction: higher, owner: support, target: 0.6 } }',
    { id: 'm', question: 'Hm?', response: 'mumble', outcomes: { solved: true } },
    { id: 'blank', question: 'Hm?', response: ' ', outcomes: { solved: false } },
    { id: 'bad', question: 'Hm?', response: 'x', outcomes: { solved: 'yes' } },
  );
  const plan = await align('--plan');
  expect(plan).toMatchObject({ code: 0, err: '' });
  expect(plan.out).toMatch(/answers with outcomes +82 +\d+/);
  expect(plan.out).toMatch(/about \$0\.\d+ if so many are/);
  expect(calls).toBe(0);

  const first = await align('--json');
  expect({ code: first.code, err: first.err }).toEqual({ code: 0, err: '' });
  const { report, ...summary } = JSON.parse(first.out) as AlignmentSummary & { report: string };
  expect(alignmentSummarySchema.parse(summary)).toEqual(
    JSON.parse(readFileSync(join(folder, 'runs/alignment.json'), 'utf8')),
  );
  expect(summary).toMatchObject({ answers: 82, tasks: 82, blank: 1, abstained: 1 });
  const kind = summary.cells.find(({ criterion }) => criterion === 'Kind')!;
  expect(kind).toMatchObject({ name: 'useful', answers: 80 });
  expect(kind.area_under_curve!.low).toBeGreaterThan(0.6);
  expect(summary.cells.find(({ criterion }) => criterion === 'Short')!.name).toBe('not known yet');
  expect(summary.answers_needed!).toBeGreaterThan(1000);
  expect(summary.metrics[0]).toMatchObject({ given: ['topic'], is_boolean: true, cutoff: { target: 0.6 } });
  expect(summary.criteria[0]!.reliability).toMatchObject({ mean: 1 });
  expect(summary.warnings).toEqual([
    expect.stringMatching(/outcomes\.jsonl:83: outcomes\."solved": expected a number, true, false or null/),
    'Outcomes that metrics does not name are not looked at: other',
  ]);
  const html = readFileSync(report, 'utf8');
  expect(html).toContain('Useful: Kind');
  expect(html).toContain('new &lt;img');
  expect(html).not.toContain(EVIL);

  const before = calls;
  const again = await align();
  // What could not be read is asked again; nothing else is.
  expect(calls - before).toBeLessThanOrEqual(4);
  expect(again.out).toMatch(/solved +Kind +useful +\+0\.\d/);
  expect(again.out).toContain('Not known yet. With ');
  expect(again.out).toContain('from a score of ');
});

test('what does not fit is refused with its name before anything is asked', async () => {
  const before = calls;
  const refused = async (metrics: string, said: RegExp): Promise<void> => {
    write(metrics);
    const { code, err } = await align('--out', join(folder, 'refused'));
    expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(said) });
  };
  await refused(
    '{ solved: { direction: higher, criteria: Kidn } }',
    /no criterion "Kidn", did you mean "Kind"/,
  );
  await refused('{ solved: { direction: up } }', /metrics\.solved\.direction: expected "higher" or "lower"/);
  await refused('{ solvd: { direction: higher } }', /metrics\.solvd: no answer of data\.outcomes has it/);
  await refused(
    '{ solved: { direction: higher, threshold: 1 } }',
    /threshold: the outcomes are true or false/,
  );
  await refused(
    '{ solved: { direction: higher, given: [tpoic] } }',
    /given: no answer of data\.outcomes has "tpoic"/,
  );
  await refused('{ __proto__: { direction: higher } }', /the key "__proto__" is not allowed/);
  writeFileSync(
    join(folder, 'touchstone.yaml'),
    readFileSync(join(folder, 'touchstone.yaml'), 'utf8').replace(/^(metrics|data):.*\n/gm, ''),
  );
  expect(await align()).toMatchObject({ code: 2, err: expect.stringContaining('expected metrics') });
  expect(calls).toBe(before);
  expect(existsSync(join(folder, 'refused'))).toBe(false);
});
