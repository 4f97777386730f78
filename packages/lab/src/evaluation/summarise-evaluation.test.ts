import { evaluationSummarySchema, InputError, random } from '@touchstone/spec';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { EvaluationRecord } from './record.js';
import { recordOf, rowOf } from './rows.js';
import type { Duel, EvaluationInput } from './evaluation-input.js';
import { summariseEvaluation } from './summarise-evaluation.js';

const record = (taskId: string, rest: Partial<EvaluationRecord> = {}): EvaluationRecord => ({
  taskId,
  sample: 0,
  judge: null,
  heldout: null,
  valid: null,
  truth: null,
  tokens: null,
  components: {},
  ...rest,
});
const summarise = (
  models: Record<string, EvaluationRecord[]>,
  {
    trainings = {},
    ...rest
  }: Partial<EvaluationInput> & { trainings?: Record<string, EvaluationRecord[][]> } = {},
): ReturnType<typeof summariseEvaluation> => {
  const summary = summariseEvaluation({
    name: 'made',
    models: [
      ...Object.entries(models).map(([name, records]) => ({ name, trainings: [records] })),
      ...Object.entries(trainings).map(([name, each]) => ({ name, trainings: each })),
    ],
    bestOf: 4,
    seed: null,
    created: '2026-11-28T00:00:00Z',
    versions: {},
    ...rest,
  });
  // What is published can be read again.
  expect(evaluationSummarySchema.parse(JSON.parse(JSON.stringify(summary)))).toEqual(summary);
  return summary;
};
const clamp = (x: number): number => Math.min(1, Math.max(0, x));
/** Answers to tasks that go together two by two. */
const drawn = (
  name: string,
  level: number,
  {
    tasks = 50,
    samples = 1,
    noise = 0.1,
    heldout = level,
  }: { tasks?: number; samples?: number; noise?: number; heldout?: number } = {},
): EvaluationRecord[] =>
  Array.from({ length: tasks * samples }, (_, i) => {
    const task = Math.floor(i / samples);
    const shared = random(3, 'task', task);
    const own = random(3, name, i);
    const difficulty = 0.15 * shared.normal();
    return record(`t${task}`, {
      sample: i % samples,
      judge: clamp(level + difficulty + noise * own.normal()),
      heldout: clamp(heldout + difficulty + noise * own.normal()),
      valid: own.next() < 0.9,
      tokens: 50 + own.integer(50),
      length: 200 + own.integer(200),
      cluster: `d${Math.floor(task / 2)}`,
      slices: { kind: task % 3 === 0 ? 'short' : 'long' },
    });
  });

describe('checkpoints of one training', () => {
  const levels = { s0: 0.3, s100: 0.45, s200: 0.6, s300: 0.4, s400: 0.62, s500: 0.65, s600: 0.64 };
  const order = Object.keys(levels);
  const models = Object.fromEntries(
    Object.entries(levels).map(([name, level]) => [name, drawn(name, level)]),
  );
  const summary = summarise(models, { order });

  test('the dip is named, and the last is kept where the highest is not shown to be better', () => {
    const curve = summary.curves.find(({ metric }) => metric === 'judge_score')!;
    expect(curve.dips).toEqual([{ model: 's300', below_earlier: 's200', below_later: 's400' }]);
    expect(curve).toMatchObject({ best: 's600', because: 'last' });
    expect(curve.better_than).toEqual(expect.arrayContaining(['s0', 's100', 's300']));
    expect(curve.not_told_apart).toContain('s500');
  });

  test('every two checkpoints are compared, and the correction only makes intervals longer', () => {
    const pairs = summary.pairs.filter(({ metric }) => metric === 'judge_score');
    expect(pairs).toHaveLength(21);
    for (const { difference, corrected, tasks } of pairs) {
      expect(tasks).toBe(50);
      // 25 clusters of two tasks.
      expect(difference!.n).toBe(25);
      expect(corrected!.low).toBeLessThanOrEqual(difference!.low);
      expect(corrected!.high).toBeGreaterThanOrEqual(difference!.high);
    }
    expect(summary).toMatchObject({ clustered: true, tasks: 50, common_tasks: 50, baseline: 's0' });
  });

  test.each<[string, (i: number) => number | null, number]>([
    ['no score', () => null, 2],
    ['scores of other tasks than the highest', (i) => (i < 25 ? 0.2 : null), 3],
  ])('a last one with %s is kept', (_, score, scored) => {
    const [a, b] = [
      drawn('a', 0.3),
      drawn('b', 0.8).map((one, i) => (i < 25 ? { ...one, judge: null } : one)),
    ];
    const c = drawn('c', 0.2).map((one, i) => ({ ...one, judge: score(i) }));
    const { curves } = summarise({ a, b, c }, { order: ['a', 'b', 'c'] });
    expect(curves.find(({ metric }) => metric === 'judge_score')).toMatchObject({
      best: 'c',
      highest: 'b',
      because: 'not-compared',
      scored,
    });
  });

  test('means are those of the answers', () => {
    const scores = models['s200']!.map(({ judge }) => judge!);
    const mean = scores.reduce((a, b) => a + b) / scores.length;
    expect(summary.models['s200']!.metrics['judge_score']!.mean).toBeCloseTo(mean, 12);
  });
});

test('models that differ by chance cannot be told apart, and no regression is named', () => {
  const summary = summarise({ a: drawn('a', 0.5), b: drawn('b', 0.5), c: drawn('c', 0.5) });
  expect(summary.pairs.map(({ shown }) => shown).filter((shown) => shown !== 'undecided')).toEqual([]);
  expect(summary.regressions).toEqual([]);
  expect(summary.worse_tasks.length).toBeGreaterThan(0);
});

test('a difference that answers without a score may decide is remarked on, and one that they cannot is not', () => {
  // The judge says nothing of the worse half of the answers: a model that is no better looks it.
  const scores = (name: string, silentBelow: number): EvaluationRecord[] =>
    Array.from({ length: 80 }, (_, i) => {
      const score = random(7, name, i).next();
      return record(`t${i}`, { judge: score < silentBelow ? null : score });
    });
  const base = scores('base', 0);
  const silent = summarise({ base, rft: scores('rft', 0.5) });
  expect(silent.pairs[0]!.shown).toBe('higher');
  const remarks = silent.remarks.filter((text) => text.includes('may decide it'));
  expect(remarks).toEqual([
    expect.stringMatching(/^rft is higher than base .*[34]\d answers of rft and 0 of/),
  ]);
  const better = base.map((one, i) => ({ ...one, judge: i < 3 ? null : clamp(one.judge! + 0.3) }));
  for (const models of [
    { base, rft: better },
    { rft: better, base },
  ])
    expect(summarise(models).remarks.join()).not.toContain('may decide it');
});

test('a regression is named, over all tasks and in the slice that it is in', () => {
  const base = drawn('base', 0.6, { tasks: 60 });
  const worse = drawn('rft', 0.6, { tasks: 60 }).map((one) =>
    one.slices!['kind'] === 'short' ? { ...one, judge: clamp(one.judge! - 0.4) } : one,
  );
  const { regressions } = summarise({ base, rft: worse });
  const judge = regressions.filter(({ metric }) => metric === 'judge_score');
  expect(judge.map(({ slice }) => slice?.value ?? 'all')).toEqual(['all', 'short']);
  expect(regressions.filter(({ metric }) => metric !== 'judge_score')).toEqual([]);
});

test('the other judge holds, keeps the sign or turns around', () => {
  const base = drawn('base', 0.4);
  const { judge_swap: swaps } = summarise({
    base,
    honest: drawn('honest', 0.6),
    hacked: drawn('hacked', 0.7, { heldout: 0.2 }),
    same: drawn('same', 0.4),
  });
  const outcome = (model: string): string =>
    swaps.find((swap) => swap.model === model && swap.baseline === 'base')!.judges[0]!.outcome;
  expect([outcome('honest'), outcome('hacked'), outcome('same')]).toEqual([
    'holds',
    'turns-around',
    'nothing-shown',
  ]);
});

test('pass^k and best of k are those over all ways to draw k', () => {
  const answers = (task: string, passes: number[]): EvaluationRecord[] =>
    passes.map((pass, sample) => record(task, { sample, judge: pass / 2, truth: pass }));
  const { models } = summarise({
    a: [...answers('x', [1, 1, 0, 1]), ...answers('y', [0, 1, 0, 0]), ...answers('z', [1, 1, 1, 1])],
  });
  const pass = models['a']!.pass.filter(({ metric }) => metric === 'truth_score');
  expect(pass.map(({ k, estimate }) => [k, estimate!.mean])).toEqual([
    [1, expect.closeTo(2 / 3, 12)],
    // 3 of 6 pairs, none of 6, all.
    [2, expect.closeTo(0.5, 12)],
    [4, expect.closeTo(1 / 3, 12)],
  ]);
  // Its scores are not 0 and 1, and no threshold was given.
  expect(models['a']!.pass.map(({ metric }) => metric)).not.toContain('judge_score');
  const [two] = models['a']!.best_of;
  expect(two).toMatchObject({ k: 2, truth: { mean: expect.closeTo((1 + 0.5 + 1) / 3, 12) as number } });
});

test('a model that only writes more is not better at equal length', () => {
  const length = (i: number): number => Math.round(150 * Math.exp(random(5, 'length', i).normal() / 2));
  const make = (name: string, more: number): EvaluationRecord[] =>
    Array.from({ length: 80 }, (_, i) => {
      const long = Math.round(length(i) * Math.exp(more + 0.4 * random(6, name, i).normal()));
      return record(`t${i}`, { length: long, judge: clamp(0.2 * (Math.log(long) - 2.5)) });
    });
  const [pair] = summarise({ short: make('short', 0), long: make('long', 0.3) }).pairs;
  expect(pair).toMatchObject({ shown: 'higher', length_note: null });
  expect(pair!.length_controlled!.low).toBeLessThan(0.005);
  expect(Math.abs(pair!.length_controlled!.mean)).toBeLessThan(0.01);
  const always = make('short', 0).map((one) => ({ ...one, length: one.length! * 3 }));
  const [beyond] = summarise({ short: make('short', 0), always }).pairs;
  expect(beyond).toMatchObject({ length_controlled: null, length_note: 'never-equal' });
});

describe('duels', () => {
  const models = { a: drawn('a', 0.5, { tasks: 20 }), b: drawn('b', 0.5, { tasks: 20 }) };
  const duel = (task: number, outcome: Duel['outcome'], rest: Partial<Duel> = {}): Duel => ({
    taskId: `t${task}`,
    sample: 0,
    a: 'b',
    b: 'a',
    outcome,
    consistent: true,
    ...rest,
  });

  test('are counted from the baseline’s side, and what two orders disagree on counts half', () => {
    const duels = [
      ...Array.from({ length: 12 }, (_, i) => duel(i, 1)),
      // The other way round: a has lost.
      ...Array.from({ length: 3 }, (_, i) => duel(12 + i, 0, { a: 'a', b: 'b' })),
      duel(15, 0),
      duel(16, 1, { consistent: false }),
      duel(17, 0.5),
      duel(18, null),
    ];
    const [found] = summarise(models, { duels }).duels;
    expect(found).toMatchObject({ model: 'b', baseline: 'a', wins: 15, losses: 1, ties: 1, inconsistent: 1 });
    expect(found).toMatchObject({ judged: 18, silent: 1, shown: 'higher' });
    expect(found!.win_rate!.mean).toBeCloseTo(16 / 18, 12);
    expect(found!.length_controlled).not.toBeNull();
  });

  test.each<[Partial<Duel>, RegExp]>([
    [{ taskId: 'nowhere' }, /"b" has no such answer/],
    [{ a: 'a' }, /expected two models/],
    [{ outcome: NaN as never }, /expected 1, 0.5, 0 or null, got NaN/],
  ])('%j is refused', (rest, message) => {
    expect(() => summarise(models, { duels: [duel(0, 1, rest)] })).toThrow(message);
    expect(() => summarise(models, { duels: [duel(0, 1), duel(0, 0, { a: 'a', b: 'b' })] })).toThrow(/twice/);
  });
});

describe('several trainings', () => {
  const trainings = { rft: [0.6, 0.7, 0.8].map((level, i) => drawn(`rft${i}`, level)) };
  test('are the units, paired with what was trained once', () => {
    const summary = summarise({ base: drawn('base', 0.4) }, { trainings });
    const [pair] = summary.pairs;
    expect(pair).toMatchObject({
      model: 'rft',
      baseline: 'base',
      difference: { n: 3 },
      length_note: 'trainings',
    });
    const one = summarise({ base: drawn('base', 0.4), rft: trainings.rft[1]! }).pairs[0]!;
    const width = ({ difference }: typeof one): number => difference!.high - difference!.low;
    expect(width(pair!)).toBeGreaterThan(2 * width(one));
    expect(summary.models['rft']).toMatchObject({ trainings: 3, tasks: 50, answers: 150 });
    expect(summary.remarks.join()).toMatch(/base is one training, or none/);
  });
  test('in other numbers are refused', () => {
    expect(() =>
      summarise({}, { trainings: { ...trainings, sft: [drawn('x', 0.5), drawn('y', 0.5)] } }),
    ).toThrow(/"rft" was trained 3 times and "sft" 2 times/);
  });
});

describe('odd answers', () => {
  test.each<[string, EvaluationRecord[], RegExp]>([
    [
      'NaN',
      [record('a', { judge: NaN }), record('b')],
      /task "a", sample 0: expected judge of 0 to 1.*got NaN/,
    ],
    ['beyond 1', [record('a', { others: { relevance: 4 } })], /expected relevance of 0 to 1.*got 4/],
    [
      'twice',
      [record('a', { judge: 1 }), record('a', { judge: 0 })],
      /task "a", sample 0: this answer is there twice/,
    ],
    ['a name of a metric', [record('a', { others: { judge_score: 1 } })], /the name of a metric/],
    [
      'two clusters',
      [record('a', { cluster: 'x' }), record('a', { sample: 1, cluster: 'y' })],
      /expected one/,
    ],
    ['a length below 0', [record('a', { length: -1 })], /expected length from 0/],
    ['none', [], /expected answers of "odd", got none/],
  ])('%s is refused by name', (_, odd, message) => {
    const summary = (): unknown => summarise({ base: [record('a', { judge: 1 })], odd });
    expect(summary).toThrow(InputError);
    expect(summary).toThrow(message);
  });

  test('names that are not there, and models without a common task, are refused', () => {
    const models = { a: [record('x', { judge: 1 })], b: [record('y', { judge: 1 })] };
    expect(() => summarise(models)).toThrow(/"b" and "a" have no task in common/);
    expect(() => summarise({ a: models.a }, { baseline: 'constructor' })).toThrow(/no model "constructor"/);
    expect(() => summarise({ a: models.a }, { order: ['a', 'a'] })).toThrow(/twice in the order/);
    expect(() => summarise({})).toThrow(/at least one model/);
  });

  test('one task is insufficient data, never a figure', () => {
    const summary = summarise({ a: [record('x', { judge: 1 })], b: [record('x', { judge: 0 })] });
    expect(summary.models['a']!.metrics['judge_score']).toBeNull();
    expect(summary.pairs[0]).toMatchObject({ difference: null, corrected: null, shown: 'none', wins: null });
  });

  test('tasks that only some have, and abstentions, are left out of what needs them', () => {
    const scored = (tasks: string[], judge: number): EvaluationRecord[] =>
      tasks.map((task) => record(task, { judge }));
    const summary = summarise({
      a: scored(['p', 'q', 'r', 's'], 0.5),
      b: [...scored(['p', 'q', 'r'], 0.75), record('s')],
      c: scored(['q', 'r', 's', 'u'], 0.5),
    });
    expect(summary.pairs.map(({ model, baseline, tasks }) => [model, baseline, tasks])).toEqual([
      ['b', 'a', 3],
      ['c', 'a', 3],
      ['c', 'b', 2],
    ]);
    expect(summary).toMatchObject({ tasks: 5, common_tasks: 3 });
    expect(summary.models['b']!.abstained).toBe(1);
    expect(summary.remarks.join()).toMatch(/a has answers to 4 of 5 tasks/);
  });

  test('names of every kind are names', () => {
    const odd = ['base', '135', '7', '__proto__', 'constructor', '<b>', '\u{202e}'];
    const models = odd.map((name, i) => ({
      name,
      trainings: [
        Array.from({ length: 6 }, (_, task) =>
          record(`__proto__${task}`, {
            others: Object.fromEntries([['__proto__', (task + i) / 20]]),
            slices: { constructor: 'a' },
          }),
        ),
      ],
    }));
    const summary = summariseEvaluation({ name: '', models, bestOf: 1, seed: 1, created: '', versions: {} });
    expect(summary.model_order).toEqual(odd);
    expect(summary.main_metric).toBe('__proto__');
    expect(summary.baseline).toBe('base');
    expect(summary.pairs).toHaveLength(21);
    expect(Object.keys(summary.models).sort()).toEqual(odd.toSorted());
  });
});

test('a record is the same after it was a line', () => {
  fc.assert(
    fc.property(
      fc.record({
        judge: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
        valid: fc.option(fc.boolean()),
        others: fc.dictionary(fc.string(), fc.constantFrom(null, 0, 0.5, 1)),
        slices: fc.dictionary(fc.string(), fc.string()),
      }),
      (given) => {
        const one = record('t', { ...given, length: 3, cluster: 'c' });
        const row = rowOf('m', one);
        expect(
          recordOf({
            ...row,
            scores: row.scores ?? {},
            slices: row.slices ?? {},
            components: {},
            sample: 0,
          } as never),
        ).toEqual(one);
      },
    ),
    { numRuns: 30 },
  );
});
