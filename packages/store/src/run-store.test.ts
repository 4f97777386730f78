import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { NO_USAGE, RunError, type Reward, type StepSummary, type Task } from '@touchstone/spec';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';

import { openDatabase } from './database.js';
import { openRun, type RunStore } from './run-store.js';
import type { RolloutRecord } from './rollout-table.js';

const opened: RunStore[] = [];
const folder = (): string => mkdtempSync(join(tmpdir(), 'store-'));
function open(path: string, options?: { readOnly: boolean }): RunStore {
  const store = openRun(path, options);
  opened.push(store);
  return store;
}
afterEach(() => {
  for (const store of opened.splice(0)) store.close();
});

const task = (id: string, document: string): Task => ({
  id,
  messages: [{ role: 'user', content: 'Review.' }],
  reference: { guideline: 'Pay within 30 days.' },
  metadata: { document },
  truth: [1, 2],
});

const reward = (judge: string, score: number): Reward => ({
  status: 'scored',
  score,
  components: [{ name: judge, kind: 'judge', score, weight: 1 }],
  usage: { ...NO_USAGE, calls: 2 },
  verdicts: [
    {
      status: 'scored',
      judge,
      item: 0,
      key: `${judge}-0`,
      raw: '{"verdict": 5}\u0000 <script>',
      score,
      mismatch: false,
      criteria: [{ criterion: 'Actionability', evidence: '"a"', reason: 'b', value: 5, score }],
    },
    {
      status: 'abstained',
      judge,
      item: 1,
      key: `${judge}-1`,
      raw: '',
      reason: 'timeout',
      detail: 'after 30 s',
    },
  ],
});

const record = (id: string, of: Task, overrides: Partial<RolloutRecord> = {}): RolloutRecord => ({
  rollout: { id, task: of, response: `answer ${id}`, finish: 'stop', group: of.id, policy: 'base' },
  reward: reward('main', 0.75),
  heldout: null,
  truth: null,
  tokens: 12,
  ...overrides,
});

test('a store is a reply cache: any key and any text come back as they were put, also after reopening', () => {
  const path = folder();
  const store = open(path);
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme' }),
    fc.constant('a\u0000b\ud800'),
  );
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'grapheme-ascii' }), text, fc.nat(), (key, reply, tokens) => {
      store.put(key, { text: reply, finish: 'stop', inputTokens: tokens, outputTokens: 1 });
      expect(store.get(key)).toEqual({ text: reply, finish: 'stop', inputTokens: tokens, outputTokens: 1 });
    }),
    { numRuns: 200, seed: 1 },
  );
  store.put('last', { text: 'kept', finish: 'length', inputTokens: 1, outputTokens: 2 });
  expect(open(path).get('last')?.text).toBe('kept');
  expect(store.get('never put')).toBeUndefined();
});

test('stages keep the order they were finished in and may be finished again', () => {
  const store = open(folder());
  store.finishStage('baseline', 2, { mean: 0.5 });
  store.finishStage('sft', 3, null);
  store.finishStage('baseline', 4, ['again']);
  expect(store.stages().map(({ name, seconds }) => [name, seconds])).toEqual([
    ['baseline', 4],
    ['sft', 3],
  ]);
  expect(store.stage('baseline')).toEqual({ seconds: 4, value: ['again'] });
  expect(store.stage('rft')).toBeUndefined();
});

test('tasks keep their order, and two splits may use one id for different tasks', () => {
  const store = open(folder());
  const train = [task('b', 'one'), task('a', 'two')];
  store.putTasks('train', [task('old', 'gone')]);
  store.putTasks('train', train);
  store.putTasks('eval', [task('a', 'three')]);
  expect(store.tasks('train')).toEqual(train);
  expect(store.tasks('eval')).toEqual([task('a', 'three')]);
  expect(store.tasks('none')).toEqual([]);
});

test('rollouts come back whole, with both judges’ verdicts, and a step that is put again is replaced', () => {
  const store = open(folder());
  const [one, two] = [task('a', 'one'), task('a', 'two')];
  const abstained: Reward = { ...reward('main', 0), status: 'abstained', reason: 'budget', detail: 'spent' };
  const first = [record('r1', one, { heldout: reward('other', 0.25), truth: 0.5 }), record('r2', two)];
  store.putRollouts('rft', 1, [record('lost', one), record('lost too', one), record('and this', two)]);
  store.putRollouts('rft', 1, first);
  store.putRollouts('rft', 0, [record('r0', one, { reward: abstained })]);
  store.putRollouts('eval', 1, [record('e1', two, { reward: null })]);

  expect(store.rollouts('rft', 1)).toEqual(first.map((each) => ({ ...each, step: 1 })));
  expect(store.rollouts('rft').map(({ step, rollout }) => [step, rollout.id])).toEqual([
    [0, 'r0'],
    [1, 'r1'],
    [1, 'r2'],
  ]);
  expect(store.rollouts('rft', 0)[0]?.reward).toMatchObject({ status: 'abstained', reason: 'budget' });
  expect(store.rollouts('eval')[0]?.reward).toBeNull();
});

test('a number that is not finite is refused and the step before it stays whole', () => {
  const store = open(folder());
  const kept = [record('r1', task('a', 'one'))];
  store.putRollouts('rft', 1, kept);
  for (const bad of [{ truth: NaN }, { reward: reward('main', Infinity) }]) {
    expect(() => store.putRollouts('rft', 1, [record('r2', task('a', 'one'), bad)])).toThrow(RunError);
  }
  expect(store.rollouts('rft', 1)).toHaveLength(1);
  expect(store.rollouts('rft', 1)[0]?.rollout.id).toBe('r1');
});

test('steps come back in the order of their numbers', () => {
  const store = open(folder());
  const step = (n: number, loss: number): StepSummary => ({
    step: n,
    metrics: { reward: 0.5, kl: null, loss, of_a_new_algorithm: 3 },
    intervals: { reward: { low: 0.4, high: 0.6 } },
    components: { judge: 0.5 },
    seconds: 2,
  });
  store.putStep('rft', step(10, 1));
  store.putStep('rft', step(2, 2));
  store.putStep('rft', step(10, 3));
  expect(store.steps('rft')).toEqual([step(2, 2), step(10, 3)]);
  store.putStep('sft', step(10, 4));
  store.keepSteps('rft', new Set([2]));
  expect([...store.steps('rft'), ...store.steps('sft')]).toEqual([step(2, 2), step(10, 4)]);
  expect(() => store.putStep('rft', step(11, NaN))).toThrow(/step.*11.*"loss".*NaN/);
});

test('what another program changed is named as damage, and __proto__ stays a plain key', () => {
  const path = folder();
  const store = open(path);
  store.put('k', { text: 't', finish: 'stop', inputTokens: 1, outputTokens: 1 });
  const hostile = JSON.parse('{"__proto__": {"polluted": true}}') as Task['metadata'];
  store.putTasks('train', [{ ...task('a', ''), metadata: hostile }]);
  expect(Object.hasOwn(store.tasks('train')[0]!.metadata, '__proto__')).toBe(true);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();

  const db = openDatabase(join(path, 'run.db'));
  for (const damage of ['{"text": 1}', '[]', 'no JSON']) {
    db.prepare('UPDATE replies SET reply = ?').run(damage);
    expect(() => store.get('k')).toThrow(/damaged at replies k/);
  }
  db.close();
});

test('a second, read-only connection sees each commit while the first goes on writing', () => {
  const path = folder();
  expect(() => open(path, { readOnly: true })).toThrow(/run\.db/);
  const writer = open(path);
  const reader = open(path, { readOnly: true });
  for (let step = 0; step < 3; step++) {
    writer.putRollouts('rft', step, [record(`r${step}`, task('a', 'one'))]);
    expect(reader.rollouts('rft')).toHaveLength(step + 1);
  }
  expect(() => reader.finishStage('sft', 1, null)).toThrow(/read-?only/i);

  writer.putEvent(
    { type: 'stage-started', stage: 'judge', title: 'Examine the judge' },
    '2026-01-01T00:00:00Z',
  );
  const [first] = reader.events();
  expect(first?.event).toEqual({ type: 'stage-started', stage: 'judge', title: 'Examine the judge' });
  writer.putEvent({ type: 'stage-finished', stage: 'judge', seconds: 2, note: '' }, '2026-01-01T00:00:02Z');
  expect(reader.events(first!.position)).toMatchObject([
    { time: '2026-01-01T00:00:02Z', event: { type: 'stage-finished', seconds: 2 } },
  ]);
});

test('a process that is killed while it writes leaves everything it had put', async () => {
  const path = folder();
  const writer = fileURLToPath(new URL('./killed-writer.fixture.mjs', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=touchstone-source', writer, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let last = -1;
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    if (last === 300) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  expect(last).toBeGreaterThanOrEqual(300);
  expect(existsSync(join(path, 'run.db-wal'))).toBe(true);

  const store = open(path);
  for (let i = 0; i <= last; i++) expect(store.get(`reply-${i}`)?.text).toBe(`text ${i}`);
});

test("a judge's totals count each reply once and each repeated question as saved", () => {
  const store = open(folder());
  const reply = { text: 'r', finish: 'stop' as const, inputTokens: 100, outputTokens: 10 };
  store.put('main-0', reply);
  store.put('main-0', reply);
  store.put('main-1', reply);
  store.put('other-0', reply);
  store.putRollouts('train', 1, [record('a', task('t1', 'd')), record('b', task('t1', 'd'))]);
  expect(store.judgeTotals('main')).toEqual({ calls: 2, saved: 2, inputTokens: 200, outputTokens: 20 });
  // Paid for each time, and never given back.
  store.note('main-2', reply);
  store.note('main-2', reply);
  expect(store.get('main-2')).toBeUndefined();
  expect(store.judgeTotals('main')).toMatchObject({ calls: 4, inputTokens: 400 });
  expect(store.judgeTotals('none')).toEqual({ calls: 0, saved: 0, inputTokens: 0, outputTokens: 0 });
});

test.skipIf(process.platform === 'win32')(
  'a file that may grow no more is said with what to do; nothing is lost, and it goes on once there is room',
  async () => {
    const path = folder();
    const writer = fileURLToPath(new URL('./killed-writer.fixture.mjs', import.meta.url));
    const command = `ulimit -f 400; exec "${process.execPath}" --conditions=touchstone-source "${writer}" "${path}"`;
    const child = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'] });
    const said = text(child.stderr);
    const put = (await text(child.stdout)).trim().split('\n').length;
    expect(await said).toMatch(
      /RunError: .*run\.db: .*(disk is full|limit on the size of files was reached).*Nothing that was stored is lost/,
    );
    expect(put).toBeGreaterThan(20);
    const store = open(path);
    for (let i = 0; i < put; i++) expect(store.get(`reply-${i}`)?.text).toBe(`text ${i}`);
    store.put('one more', { text: 'more', finish: 'stop', inputTokens: 1, outputTokens: 1 });
  },
);
