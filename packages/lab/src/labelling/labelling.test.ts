import type { LabelledAnswer } from '@touchstone/core';
import { random } from '@touchstone/spec';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { kappaInterval, pairAccuracyInterval } from '../statistics/intervals.js';
import { clusteredMeanInterval } from '../statistics/means.js';
import type { Pair } from '../statistics/pairs.js';
import { noEvidence, randomPart } from '../validation/evidence.js';
import { agreementOfLabels } from './agreement.js';
import { type Candidate, drawAnswersToLabel, randomPairs, weightsOfLabelled } from './draw.js';
import { queueOf } from './queue.js';

/** Tasks with one to five answers; in a fifth of the tasks the judge is unsure, and there it is often wrong. */
function pool(tasks: number): (Candidate & { isRight: number })[] {
  const { next, integer } = random(11, 'pool');
  return Array.from({ length: tasks }, (_, t) =>
    Array.from({ length: 1 + integer(5) }, (__, a) => {
      const isUnsure = t % 5 === 0;
      return {
        key: `${t}-${a}`,
        task: `t${t}`,
        judge: isUnsure ? 0.45 : Math.round(next()),
        heldout: null,
        isRight: Number(next() < (isUnsure ? 0.4 : 0.9)),
      };
    }),
  ).flat();
}

describe('a draw', () => {
  test('weighs what was drawn for being hard so that the whole is estimated rightly, also half-labelled and with some skipped', () => {
    const candidates = pool(60);
    const right = new Map(candidates.map(({ key, isRight }) => [key, isRight]));
    const truth = candidates.reduce((sum, { isRight }) => sum + isRight, 0) / candidates.length;
    const means: { weighted: number[]; plain: number[] } = {
      weighted: [],
      plain: [],
    };
    for (let seed = 0; seed < 400; seed++) {
      const draw = drawAnswersToLabel(candidates, { count: 40, seed });
      const { next } = random(seed, 'skipped');
      const labelled = draw.tasks.flatMap(({ task, answers, random: isRandom }) =>
        answers.flatMap((key) => (next() < 0.7 ? [{ task, isRandom, value: right.get(key)! }] : [])),
      );
      const counts = new Map<string, number>();
      for (const { task } of labelled) counts.set(task, (counts.get(task) ?? 0) + 1);
      const weights = weightsOfLabelled(draw, counts);
      const mean = (of: typeof labelled, weight: (task: string) => number): number =>
        of.reduce((sum, { task, value }) => sum + weight(task) * value, 0) /
        of.reduce((sum, { task }) => sum + weight(task), 0);
      means.weighted.push(mean(labelled, (task) => weights.get(task)!));
      means.plain.push(mean(labelled, () => 1));
    }
    const average = (values: number[]): number =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    // Over 400 draws the mean's own error is below 0.005.
    expect(Math.abs(average(means.weighted) - truth)).toBeLessThan(0.015);
    expect(truth - average(means.plain)).toBeGreaterThan(0.05);
  });

  test('has half from everywhere and half from where the judges are in doubt, two answers to a task, and grows', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 150 }), fc.nat(1000), (count, seed) => {
        const candidates = pool(40);
        const small = drawAnswersToLabel(candidates, { count, seed });
        const large = drawAnswersToLabel(candidates, { count: count + 20, seed });
        const keys = (draw: typeof small): string[] => draw.tasks.flatMap(({ answers }) => answers);
        expect(keys(large)).toEqual(expect.arrayContaining(keys(small)));
        expect([...randomPairs(candidates, seed)]).toEqual(expect.arrayContaining(keys(large)));
        expect(small.pool).toEqual({ tasks: 40, contested: 8 });
        for (const { answers, of } of small.tasks) expect(answers).toHaveLength(Math.min(2, of));
        const isRandom = small.tasks.filter((task) => task.random);
        if (small.tasks.length < 40) expect(isRandom).toHaveLength(Math.ceil(small.tasks.length / 2));
        else expect(isRandom).toHaveLength(40);
      }),
      { numRuns: 30 },
    );
  });

  test('is all random where no verdict is known', () => {
    const unknown = pool(30).map((one) => ({ ...one, judge: null }));
    const draw = drawAnswersToLabel(unknown, { count: 20, seed: 1 });
    expect(draw.pool.contested).toBe(0);
    expect(draw.tasks.every((task) => task.random && !task.contested)).toBe(true);
  });
});

test('everybody begins with the same tasks, in an order of their own; then comes what nobody has labelled', () => {
  const candidates = pool(80).map((one) => ({ ...one, judge: null }));
  const { tasks } = drawAnswersToLabel(candidates, { count: 1000, seed: 1 });
  const queue = (rater: string, labelled: ReadonlySet<string> = new Set()): string[] =>
    queueOf(tasks, { rater, seed: 1, timesLabelled: (key) => Number(labelled.has(key)) });
  const shared = tasks.slice(0, 20).flatMap(({ answers }) => answers);
  const anna = queue('anna');
  const ben = queue('ben', new Set(anna.slice(0, 60)));
  expect(new Set(anna.slice(0, shared.length))).toEqual(new Set(shared));
  expect(new Set(ben.slice(0, shared.length))).toEqual(new Set(shared));
  expect(ben).not.toEqual(anna);
  expect(new Set(ben)).toEqual(new Set(tasks.flatMap(({ answers }) => answers)));
  const seenByAnna = new Set(anna.slice(0, 60));
  const rest = ben.slice(shared.length);
  const first = rest.findIndex((key) => seenByAnna.has(key));
  expect(first).toBeGreaterThan(30);
  // Answers to one task stand together.
  const taskOf = (key: string): string => key.split('-')[0]!;
  const changes = anna.filter((key, i) => i > 0 && taskOf(key) !== taskOf(anna[i - 1]!)).length;
  expect(changes).toBe(tasks.length - 1);
});

describe('weights', () => {
  const { next, integer } = random(4, 'weights');
  const names = Array.from({ length: 40 }, (_, i) => `t${i}`);
  const weights = new Map(names.map((name) => [name, 1 + integer(3)]));
  const list = [...weights.values()];
  const values = names.map((_, i) => Math.min(1, next() * (1 + (i % 3))));

  test('count a task as often as it stands for, and ones change nothing', () => {
    const repeated = names.flatMap((name, i) =>
      Array.from({ length: weights.get(name)! }, () => ({ name, value: values[i]! })),
    );
    const plain = repeated.reduce((sum, { value }) => sum + value, 0) / repeated.length;
    const range = { low: 0, high: 1 };
    const found = clusteredMeanInterval(values, names, range, weights)!;
    expect(found.mean).toBeCloseTo(plain, 12);
    expect(found.n).toBe(40);
    const without = clusteredMeanInterval(values, names, range)!;
    // They are no more tasks than they are.
    const asMany = clusteredMeanInterval(
      repeated.map(({ value }) => value),
      repeated.map((_, i) => String(i)),
      range,
    )!;
    expect(found.high - found.low).toBeGreaterThan(1.1 * (asMany.high - asMany.low));
    const ones = new Map(names.map((name) => [name, 1]));
    expect(clusteredMeanInterval(values, names, range, ones)).toEqual(without);

    const tasks = values.map((value): Pair[][] => [[[Number(value > 0.5), Number(next() > 0.4)]]]);
    const times = tasks.flatMap((task, i) => Array.from({ length: list[i]! }, () => task));
    expect(kappaInterval(tasks, list)!.mean).toBeCloseTo(kappaInterval(times)!.mean, 12);
    const groups = values.map((value): Pair[] => [
      [value, Number(next() > 0.5)],
      [next(), 1],
      [next(), 0],
    ]);
    const oft = groups.flatMap((group, i) => Array.from({ length: list[i]! }, () => group));
    expect(pairAccuracyInterval(groups, list)!.mean).toBeCloseTo(pairAccuracyInterval(oft)!.mean, 12);
  });

  test('intervals of a weighted share hold the truth', () => {
    let [held, wide] = [0, 0];
    for (let trial = 0; trial < 300; trial++) {
      const draw = random(trial, 'coverage');
      const rare = Array.from({ length: 30 }, () => Number(draw.next() < 0.8));
      const hard = Array.from({ length: 30 }, () => Number(draw.next() < 0.4));
      // Hard ones are a fifth of the whole, and half of the sample.
      const ids = [...rare, ...hard].map((_, i) => String(i));
      const of = new Map(ids.map((id, i) => [id, i < 30 ? 4 : 1]));
      const found = clusteredMeanInterval([...rare, ...hard], ids, { low: 0, high: 1 }, of)!;
      held += Number(found.low <= 0.72 && 0.72 <= found.high);
      wide += (found.high - found.low) / 300;
    }
    expect(held / 300).toBeGreaterThan(0.92);
    expect(wide).toBeLessThan(0.4);
  });
});

const labelled = (task: number, raters: LabelledAnswer['raters'], isRandom = true): LabelledAnswer => ({
  task: { id: `t${task}`, messages: [], reference: null, metadata: {} },
  response: 'x',
  labels: [],
  ...(raters && { raters }),
  drawn: { sample: 's', weight: isRandom ? 3 : 1, random: isRandom },
});
const about = { criteria: [], compares: false, models: [], hasHeldout: false, repeats: 1, variants: [] };

test('figures without weights are of what was drawn at random', () => {
  const evidence = noEvidence(about, [labelled(0, undefined), labelled(1, undefined, false)]);
  expect([...evidence.weights!.values()]).toEqual([1.5, 0.5]);
  const part = randomPart(evidence);
  expect(part.answers.map(({ answer }) => answer.task.id)).toEqual(['t0']);
  expect(part.weights).toBeUndefined();
  const alike = noEvidence(about, [labelled(0, undefined), labelled(1, undefined)]);
  expect(alike.weights).toBeUndefined();
  expect(randomPart(alike)).toBe(alike);
});

test('agreement is between each two people, and of each with the judge', () => {
  const draw = {
    tasks: Array.from({ length: 12 }, (_, t) => ({
      task: `t${t}`,
      answers: [`${t}`],
      of: 1,
      contested: false,
      random: true,
    })),
    pool: { tasks: 12, contested: 0 },
  };
  const score = (value: number) => [{ score: value }];
  const lines = draw.tasks.map((_, t) =>
    labelled(t, {
      anna: score(t % 2),
      constructor: score(t % 2),
      ...(t < 8 ? { cleo: score(1 - (t % 2)) } : {}),
    }),
  );
  const found = agreementOfLabels(lines, {
    draw,
    criteria: [],
    opinionOf: (place) => ({
      answer: { status: 'scored', score: place % 2 },
      verdicts: [
        { status: 'scored', judge: 'j', key: 'k', raw: '', score: place % 2, criteria: [], mismatch: false },
      ],
    }),
  });
  expect(found.people.map(({ between, answers, kappa }) => [between.join(), answers, kappa!.mean])).toEqual([
    ['anna,constructor', 12, 1],
    ['anna,cleo', 8, -1],
    ['constructor,cleo', 8, -1],
  ]);
  expect(found.judge.map(({ between, kappa }) => [between[0], kappa!.mean])).toEqual([
    ['anna', 1],
    ['constructor', 1],
    ['cleo', -1],
  ]);
  expect(agreementOfLabels(lines, { draw, criteria: [], opinionOf: () => null }).judge).toEqual([]);
});
