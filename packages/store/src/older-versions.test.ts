import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { MIGRATIONS } from './migrations.js';
import { openSqlite } from './sqlite.js';
import { openRun } from './run-store.js';
import { readSummary, writeSummary } from './summary-file.js';

const V1 = fileURLToPath(new URL('./summary-version-1.fixture.json', import.meta.url));
const folder = (): string => mkdtempSync(join(tmpdir(), 'store-'));

interface V1Summary {
  models: Record<string, Record<string, unknown>>;
  judge: { truth_agreement: unknown; checks: unknown };
  steps: Record<string, unknown>[];
}
const v1 = (): V1Summary => JSON.parse(readFileSync(V1, 'utf8')) as V1Summary;

/** The step of the fixture as version 2 has it. */
const STEP_1 = {
  step: 1,
  metrics: {
    reward: 0.5921875,
    loss: 2.954190131276846e-5,
    kl: 0,
    clip_fraction: 0,
    grad_norm: 0.048012956976890564,
    response_tokens: 50.703125,
    zero_variance: 0,
    abstained: 0,
  },
  intervals: { reward: { low: 0.515078125, high: 0.6599088541666667 } },
  components: { 'json-schema': 0.8125 },
  seconds: 6.4926631569999955,
};

test('a summary of version 1 is read with every figure where version 2 has it', async () => {
  const path = folder();
  copyFileSync(V1, join(path, 'summary.json'));
  const old = v1();
  const summary = await readSummary(path);
  const { components, mean_tokens, abstained, ...metrics } = old.models['rft']!;
  const unknown = { answers: null, heldout_abstained: null };
  expect(summary.models['rft']).toEqual({ metrics, components, mean_tokens, abstained, ...unknown });
  expect(Object.keys(metrics)).toHaveLength(5);
  expect(summary.steps[0]).toEqual(STEP_1);
  expect(summary.judge).toMatchObject({
    calls: 3353,
    metrics: { truth_agreement: old.judge.truth_agreement },
    findings: old.judge.checks,
  });

  await writeSummary(path, summary);
  expect(await readSummary(path)).toEqual(summary);
});

test.each<[string, (summary: V1Summary) => void, RegExp]>([
  [
    'a figure that is no estimate',
    (s) => (s.models['rft']!['judge_score'] = 'high'),
    /models\.rft\.metrics\.judge_score/,
  ],
  ['half an interval', (s) => (s.steps[0]!['reward_low'] = null), /steps\.0\.intervals\.reward\.low/],
  ['a step without its time', (s) => delete s.steps[0]!['seconds'], /steps\.0\.seconds/],
])('%s in a summary of version 1 is refused at its place', async (_, spoil, message) => {
  const path = folder();
  const summary = v1();
  spoil(summary);
  writeFileSync(join(path, 'summary.json'), JSON.stringify(summary));
  await expect(readSummary(path)).rejects.toThrow(message);
});

test('a database of schema version 1 is brought up to date when it is opened, to the last digit', () => {
  const path = folder();
  const db = openSqlite(join(path, 'run.db'));
  db.exec(MIGRATIONS[0]!);
  db.exec('PRAGMA user_version = 1');
  const [step] = v1().steps;
  const insert = db.prepare('INSERT INTO steps (phase, step, summary) VALUES (?, ?, ?)');
  insert.run('train rft', 1, JSON.stringify(step));
  insert.run(
    'train rft',
    2,
    JSON.stringify({ ...step, step: 2, reward: null, reward_low: null, reward_high: null }),
  );
  db.prepare('INSERT INTO stages (name, seconds, value) VALUES (?, ?, ?)').run(
    'judge',
    3,
    '{"checks":[{"name":"flip_rate"}],"gate":"passed"}',
  );
  db.close();

  const store = openRun(path);
  const [first, second] = store.steps('train rft');
  expect(first).toEqual(STEP_1);
  expect(second).toMatchObject({ step: 2, metrics: { reward: null }, intervals: {} });
  expect(store.stage('judge')?.value).toEqual({ gate: 'passed', findings: [{ name: 'flip_rate' }] });
  expect(store.events()).toEqual([]);
  store.close();
});
