import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { loadExaminationConfig } from '../config/load.js';
import { openExamination } from '../workspace/examination.js';
import { planExamination, type PhaseCost } from './plan.js';

const root = mkdtempSync(join(tmpdir(), 'touchstone-plan-'));
afterAll(() => rmSync(root, { recursive: true }));

const MODEL = {
  model: 'openai-compatible:never-asked',
  base_url: 'http://127.0.0.1:9/v1',
  price: { input: 1, output: 10 },
  objective: 'Judge it.',
};
const RUBRIC = { ...MODEL, kind: 'rubric', criteria: [{ name: 'Right', question: 'Is it right?' }] };
const COMPARING = { ...MODEL, kind: 'preference', prefer: ['What is right.'] };

const labelled = (task: number, response: string): object => ({
  id: `t${task}`,
  question: `Question ${task}?`,
  response,
  labels: { Right: true },
});
const order = (task: number, better = 'Yes.'): object => ({
  id: `o${task}`,
  question: `Question ${task}?`,
  kind: 'order',
  better,
  worse: 'No.',
});
const LONG = 'long '.repeat(1200);

/** A judge without criteria has labels of the whole. */
const lineFor = (judge: object, line: object): string => {
  const text = JSON.stringify(line);
  return 'criteria' in judge ? text : text.replace('"Right":true', '"score":1');
};

let folders = 0;
async function plan(judge: object, data: Record<string, object[]>): Promise<Record<string, PhaseCost>> {
  const folder = mkdtempSync(join(root, `${folders++}-`));
  for (const [name, lines] of Object.entries(data))
    writeFileSync(join(folder, `${name}.jsonl`), lines.map((line) => lineFor(judge, line)).join('\n'));
  const files = Object.fromEntries(Object.keys(data).map((name) => [name, `${name}.jsonl`]));
  const config = { output: 'out', judge, data: files, validation: { repeats: 1, probes: 0 } };
  writeFileSync(join(folder, 'touchstone.yaml'), stringify(config));
  const examination = await openExamination(await loadExaminationConfig(folder));
  try {
    const phases = await planExamination(examination);
    return Object.fromEntries(phases.map((phase) => [phase.name, phase]));
  } finally {
    examination.store.close();
  }
}

test('a judge with models that stand in for its own is planned as one without', async () => {
  const fallbacks = [{ model: 'openai-compatible:other', base_url: 'http://127.0.0.1:9/v2' }];
  const data = { labelled: [labelled(0, 'Yes.')] };
  expect(await plan({ ...RUBRIC, fallbacks }, data)).toEqual(await plan(RUBRIC, data));
});

test('regression cases cost what their own prompts do, with labelled answers and without', async () => {
  const alone = await plan(RUBRIC, { regression: [order(0), order(1)] });
  expect(Object.keys(alone)).toEqual(['regression cases']);
  const cost = alone['regression cases']!;
  expect(cost).toMatchObject({ answers: 4, calls: 4 });
  expect(cost.inputTokens).toBeGreaterThan(100);
  expect(cost.outputTokens).toBeGreaterThan(100);
  expect(cost.money).toBeCloseTo((cost.inputTokens + 10 * cost.outputTokens) / 1e6, 5);

  const both = await plan(RUBRIC, { regression: [order(0, LONG)], labelled: [labelled(0, 'Yes.')] });
  expect(both['regression cases']!.inputTokens).toBeGreaterThan(LONG.length / 4);
  expect(both['labelled answers']!.inputTokens).toBeLessThan(1000);
});

test('dollars are unknown without a price, and none for a model of this machine', async () => {
  const moneyOf = async (more: object): Promise<unknown> =>
    (await plan({ ...RUBRIC, price: undefined, ...more }, { labelled: [labelled(0, 'Yes.')] }))[
      'labelled answers'
    ]!.money;
  expect(await moneyOf({})).toBeNull();
  const folder = resolve('examples/quickstart/models/policy');
  expect(await moneyOf({ model: `local:${folder}`, base_url: undefined })).toBe(0);
});

test('a judge that compares is asked about the pairs of cases, though each task has one labelled answer', async () => {
  const both = await plan(COMPARING, {
    regression: [order(0), order(1)],
    labelled: [labelled(0, 'Yes.'), labelled(1, 'No.')],
  });
  expect(both['regression cases']!.calls).toBeGreaterThanOrEqual(2);
  expect(both['labelled answers']!.calls).toBe(0);
});

type IsLong = (task: number) => boolean;
const tasks = (n: number, isLong: IsLong, answers: number): object[] =>
  Array.from({ length: n * answers }, (_, i) => {
    const task = Math.floor(i / answers);
    return labelled(task, `${i} ${isLong(task) ? LONG : ''}`);
  });

test.each<[string, object, number, number, IsLong]>([
  ['the short tasks are first', RUBRIC, 50, 4, (i) => i >= 8],
  ['the long tasks are first', RUBRIC, 50, 4, (i) => i < 8],
  ['short and long take turns', RUBRIC, 60, 1, (i) => i % 2 === 1],
  ['the short tasks are first, and are compared', COMPARING, 50, 4, (i) => i >= 8],
])('tokens are near those of the whole file where %s', async (_, judge, n, answers, isLong) => {
  const cost = async (of: IsLong): Promise<PhaseCost> =>
    (await plan(judge, { labelled: tasks(n, of, answers) }))['labelled answers']!;
  const short = await cost(() => false);
  const inPrompt = judge === COMPARING ? 2 : 1;
  const long = Array.from({ length: n }, (_, i) => i).filter(isLong).length;
  const added = ((long / n) * short.calls * inPrompt * LONG.length) / 4;
  const ratio = ((await cost(isLong)).inputTokens - short.inputTokens) / added;
  expect(ratio).toBeGreaterThan(0.6);
  expect(ratio).toBeLessThan(1.5);
});
