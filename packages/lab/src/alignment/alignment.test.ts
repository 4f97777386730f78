import type { Criterion } from '@touchstone/core';
import { type AlignmentCell, random } from '@touchstone/spec';
import { expect, test } from 'vitest';

import { itemsToDetect, itemsToShowNone } from '../statistics/items-needed.js';
import type { Item } from './items.js';
import { measureAlignment, type Measured } from './measure.js';
import { metricsSchema } from './metrics-schema.js';

type Drawn = Partial<Pick<Item, 'task' | 'variant' | 'length'>> & {
  scores: Record<string, number>;
  outcomes: Record<string, number>;
  topic?: string;
};
const draw = random(1, 'alignment test');
const { normal, next } = draw;

/** Scores are of 0 to 1; the order is what counts here. */
const squashed = (value: number): number => 1 / (1 + Math.exp(-value));
const asItIs = (value: number): number => value;

function itemsOf(n: number, make: (i: number) => Drawn, scale = squashed): Item[] {
  return Array.from({ length: n }, (_, i) => {
    const { task = `t${i}`, variant = null, length = 100 + i, scores, outcomes, topic } = make(i);
    return {
      task,
      variant,
      length,
      fields: new Map(topic === undefined ? [] : [['topic', topic]]),
      scores: new Map(Object.entries(scores).map(([name, score]) => [name, scale(score)])),
      outcomes: new Map(Object.entries(outcomes)),
    };
  });
}

function measure(
  items: readonly Item[],
  options: { boolean?: boolean; given?: string[]; metric?: object } = {},
): Measured {
  const names = [...new Set(items.flatMap(({ scores }) => [...scores.keys()]))];
  const criteria = names.map((name) => ({ name }) as Criterion);
  return measureAlignment({
    items,
    criteria,
    metrics: metricsSchema.parse({ m: { direction: 'higher', criteria: names, ...options.metric } }),
    booleans: new Set(options.boolean === true ? ['m'] : []),
    given: new Map([['m', options.given ?? []]]),
    repeats: new Map(),
    seed: 1,
  });
}

const cell = ({ cells }: Measured, criterion: string): AlignmentCell =>
  cells.find((one) => one.criterion === criterion)!;

test('Fisher’s z: 85 answers tell a correlation of 0.3 from 0, 194 one of 0.2', () => {
  expect(itemsToDetect(0.3, { chance: 0.8 })).toBe(85);
  expect(itemsToDetect(-0.2, { chance: 0.8 })).toBe(194);
  expect(itemsToShowNone(0.1, { chance: 0.8 })).toBe(1047);
});

test('a criterion that only follows the length is not useful, also where users like middling lengths', () => {
  for (const liked of [(l: number) => l, (l: number) => -(l ** 2), (l: number) => Math.min(l, 0.5)]) {
    const found = measure(
      itemsOf(400, () => {
        const l = normal();
        return {
          length: Math.round(500 * Math.exp(0.6 * l)),
          scores: { Long: liked(l) + 0.4 * normal(), Good: 0 },
          outcomes: { m: liked(l) + 0.4 * normal() },
        };
      }),
    );
    const { name, spearman, partial } = cell(found, 'Long');
    expect(spearman!.low).toBeGreaterThan(0.3);
    expect(Math.abs(partial!.mean)).toBeLessThan(0.12);
    expect(['useless', 'not known yet']).toContain(name);
  }
});

test("Simpson's paradox: a topic is better liked and better judged, and within topics the judge is wrong", () => {
  const items = itemsOf(400, (i) => {
    const [topic, x] = [i % 2, normal()];
    return {
      topic: ['easy', 'hard'][topic]!,
      length: 100 + draw.integer(50),
      scores: { Nice: 3 * topic + x },
      outcomes: { m: 3 * topic - 0.7 * x + normal() },
    };
  });
  const without = cell(measure(items), 'Nice');
  const given = cell(measure(items, { given: ['topic'] }), 'Nice');
  expect([without.name, given.name]).toEqual(['useful', 'harmful']);
  expect(given.notes).toEqual([expect.stringContaining("Simpson's paradox")]);
  expect(given.segments.map(({ value, spearman }) => [value, Math.sign(spearman.high)])).toEqual([
    ['easy', -1],
    ['hard', -1],
  ]);
});

test('what goes with the metric in one topic and against it in another is said', () => {
  const items = itemsOf(300, (i) => {
    const x = normal();
    const topic = ['a', 'b', 'c'][i % 3]!;
    return {
      topic,
      length: 50,
      scores: { C: x },
      outcomes: { m: (topic === 'b' ? -x : x) + 0.5 * normal() },
    };
  });
  expect(cell(measure(items, { given: ['topic'] }), 'C').notes).toEqual([
    'topic: it goes with the metric in a, c, and against it in b',
  ]);
});

test('what shows nothing is not known, with the reason: constants, ten answers, none at all', () => {
  const constant = measure(
    itemsOf(50, () => ({ scores: { Same: 1, Other: next() }, outcomes: { m: next() } })),
  );
  expect(cell(constant, 'Same')).toMatchObject({
    name: 'not known yet',
    spearman: null,
    partial: null,
    answers_needed: null,
    notes: [expect.stringContaining('the judge says the same of every answer')],
  });
  expect(cell(constant, 'Other').partial).not.toBeNull();
  const stuck = measure(itemsOf(50, () => ({ scores: { C: next() }, outcomes: { m: 5 } })));
  expect(cell(stuck, 'C').notes).toEqual([expect.stringContaining('the outcome is the same everywhere')]);
  const ten = cell(measure(itemsOf(10, () => ({ scores: { C: normal() }, outcomes: { m: normal() } }))), 'C');
  expect(ten).toMatchObject({ name: 'not known yet', answers: 10 });
  expect(ten.answers_needed).toBeNull();
  expect(ten.notes).toEqual([
    expect.stringMatching(
      /too few answers for what is held constant \(the length of the answer\), which leaves 4/,
    ),
  ]);
  const none = cell(measure(itemsOf(10, () => ({ scores: { C: next() }, outcomes: {} }))), 'C');
  expect(none).toMatchObject({
    answers: 0,
    name: 'not known yet',
    notes: ['no answer has both a verdict and an outcome'],
  });
});

test('a pilot of 20 asks for about as many answers as one of 200, and its range is wider', () => {
  const needed = (n: number) =>
    Array.from({ length: 15 }, () =>
      measure(
        itemsOf(n, () => ({
          length: Math.round(400 * Math.exp(0.5 * normal())),
          topic: draw.pick(['a', 'b', 'c']),
          scores: { A: normal(), B: normal(), C: normal(), D: normal() },
          outcomes: { m: normal() },
        })),
        { given: ['topic'] },
      ),
    ).flatMap(({ answers_needed: mean, answers_needed_range: range }) =>
      mean && range ? [{ mean, ...range }] : [],
    );
  const middle = (all: readonly { mean: number }[]) =>
    all.map(({ mean }) => mean).toSorted((x, y) => x - y)[all.length >> 1]!;
  const [small, large] = [needed(20), needed(200)];
  expect(Math.max(middle(small) / middle(large), middle(large) / middle(small))).toBeLessThan(1.5);
  expect(
    small.filter(({ low, high }) => low <= middle(large) && middle(large) <= high).length,
  ).toBeGreaterThan(11);
  expect(small[0]!.high / small[0]!.low).toBeGreaterThan(large[0]!.high / large[0]!.low);
});

test('two copies are one: the later is redundant, and never both; a mirror image is harmful', () => {
  const found = measure(
    itemsOf(300, () => {
      const q = normal();
      const level = Math.round(q * 2) / 2;
      return { scores: { A: level, B: level, Mirror: -level }, outcomes: { m: q + normal() } };
    }),
  );
  expect(found.criteria.map(({ criterion, name }) => [criterion, name])).toEqual([
    ['A', 'useful'],
    ['B', 'redundant'],
    ['Mirror', 'harmful'],
  ]);
  expect(cell(found, 'B').redundant_with).toEqual(['A']);
});

test('a judge whose only criterion is called score is measured once', () => {
  const items = itemsOf(60, () => {
    const q = normal();
    return { scores: { score: q }, outcomes: { m: q + normal() } };
  });
  const { criteria, cells } = measure(items, { metric: { criteria: undefined } });
  expect(criteria.map(({ criterion }) => criterion)).toEqual(['score']);
  expect(cells.map(({ criterion }) => criterion)).toEqual(['score']);
});

test('what several criteria say together is redundant beside them, though it is not like any one of them', () => {
  const found = measure(
    itemsOf(
      400,
      () => {
        const [a, b] = [normal(), normal()];
        return {
          scores: { A: a, B: b, Sum: a + b + 0.05 * normal() },
          outcomes: { m: a + b + 2 * normal() },
        };
      },
      (score) => 0.5 + score / 20,
    ),
  );
  const names = found.criteria.map(({ name }) => name);
  expect(names.filter((name) => name === 'redundant')).toHaveLength(1);
  expect(names.filter((name) => name === 'useful')).toHaveLength(2);
  expect(found.criteria[0]!.inflation!).toBeGreaterThan(10);
});

test('of a rare outcome no correlation is large: a criterion with an area of 0.75 is not useless', () => {
  const found = cell(
    measure(
      itemsOf(2500, () => {
        const x = normal();
        return { length: 80, scores: { C: x }, outcomes: { m: Number(0.9 * x + normal() > 2.6) } };
      }),
      { boolean: true, metric: { target: 0.5 } },
    ),
    'C',
  );
  expect(found.area_under_curve!.mean).toBeGreaterThan(0.75);
  expect(found.margin!.high).toBeLessThan(0.08);
  expect(found.name).toBe('useful');
});

test('lower is better: the correlation is turned, also of true and false', () => {
  const items = itemsOf(200, () => {
    const x = normal();
    return { length: 60, scores: { C: x }, outcomes: { m: Number(x + normal() < 0) } };
  });
  const found = cell(measure(items, { boolean: true, metric: { direction: 'lower' } }), 'C');
  expect(found).toMatchObject({ name: 'useful' });
  expect(found.area_under_curve!.low).toBeGreaterThan(0.6);
  expect(found.point_biserial!.low).toBeGreaterThan(0.2);
});

test('variants: means move alike, one with a single task is left out by name', () => {
  const found = cell(
    measure(
      itemsOf(601, (i) => {
        const version = i % 6;
        const lift = version / 3;
        return i === 600
          ? { variant: 'lone', scores: { C: 9 }, outcomes: { m: -9 } }
          : { variant: `v${version}`, scores: { C: lift + normal() }, outcomes: { m: lift + normal() } };
      }),
    ),
    'C',
  );
  expect(found.variants).toMatchObject({ variants: 6, over: 'variants and answers' });
  expect(found.variants!.agreement!.low).toBeGreaterThan(0.5);
  expect(found.variants!.tau!.mean).toBeGreaterThan(0.6);
  expect(found.notes).toContain(
    'variants with an outcome in a single task are left out between variants: lone',
  );
});

test('two variants are taken as they are, and the silent and the unknown are left out and counted', () => {
  const found = measure(
    itemsOf(300, (i) => ({
      variant: i % 2 === 0 ? 'A' : 'B',
      scores: i % 10 === 0 ? {} : { C: (i % 2) + normal() },
      outcomes: i % 3 === 0 ? { m: (i % 2) + normal() } : {},
    })),
  );
  expect(cell(found, 'C')).toMatchObject({ answers: 90, variants: { tau: null, over: 'answers' } });
  expect(found.warnings).toEqual([
    '30 of 300 answers have no verdict: what is said is about the others, which may be otherwise',
    'm: 100 of 300 answers have it: what is said is about these, which may be no fair sample',
  ]);
});

test('a cut-off is the lowest score at which enough succeed, by a bound that holds for all that were tried', () => {
  const items = itemsOf(
    800,
    () => {
      const x = next();
      return { length: 90, scores: { score: x }, outcomes: { m: next() < x ? 5 : 1 } };
    },
    asItIs,
  );
  const { cutoff } = measure(items, { metric: { threshold: 4, target: 0.7 } }).metrics[0]!;
  // P(success | score ≥ c) is (1 + c) / 2.
  expect(cutoff!.score!).toBeGreaterThan(0.4);
  expect(cutoff!.score!).toBeLessThan(0.75);
  expect(cutoff!.precision!.low).toBeGreaterThanOrEqual(0.7);
  expect(cutoff!.sensitivity!.mean).toBeLessThan(0.9);
  expect(measure(items, { metric: { threshold: 4, target: 0.99 } }).metrics[0]!.cutoff!.score).toBeNull();
});

test('of criteria that say nothing hardly any map has a name that says something', () => {
  let wrong = 0;
  for (let run = 0; run < 25; run++) {
    const { cells } = measure(
      itemsOf(60, (i) => ({
        task: `t${i >> 1}`,
        length: draw.integer(900),
        scores: { A: draw.integer(2), B: draw.integer(5), C: normal(), D: normal() },
        outcomes: { m: draw.integer(5) },
      })),
    );
    if (cells.some(({ name }) => name === 'useful' || name === 'harmful')) wrong++;
  }
  expect(wrong).toBeLessThanOrEqual(4);
});

test('a rare outcome that never meets a rare verdict is no finding, and one that nearly always does is', () => {
  const held = (isGood: (i: number) => boolean): AlignmentCell =>
    cell(
      measure(
        itemsOf(
          80,
          (i) => ({
            length: 20 + ((i * 37) % 61),
            scores: { C: Number(isGood(i)) },
            outcomes: { m: Number(i % 9 === 0) },
          }),
          asItIs,
        ),
        { boolean: true },
      ),
      'C',
    );
  // Of 9 successes none has one of the 8 bad verdicts: chance alone does that every third time.
  const apart = held((i) => i % 10 !== 1);
  expect(apart).toMatchObject({
    name: 'not known yet',
    notes: [expect.stringContaining("chance alone brings as much with p = 0.73 (Fisher's exact test")],
  });
  expect(apart.partial!.low).toBeGreaterThan(0);
  expect(held((i) => i % 9 === 0 || i % 23 === 5).name).toBe('useful');
});

test('a criterion that a single answer keeps from being the metric says nothing of how many others take', () => {
  const found = measure(
    itemsOf(40, (i) => {
      const m = i % 2;
      return {
        length: 20 + ((i * 37) % 60),
        scores: { Same: i === 10 ? 1 - m : m, Other: normal() },
        outcomes: { m },
      };
    }),
    { boolean: true },
  );
  expect(cell(found, 'Same')).toMatchObject({
    answers_needed: null,
    notes: [expect.stringContaining('a single one of them makes nearly all')],
  });
  const other = cell(found, 'Other').partial!;
  expect(other.high - other.low).toBeLessThan(1.4);
  expect(found.answers_needed ?? 0).toBeLessThan(20_000);
  const twenty = cell(
    measure(itemsOf(20, () => ({ scores: { C: normal() }, outcomes: { m: normal() } }))),
    'C',
  );
  expect(twenty.answers_needed!.useless).toBeGreaterThan(twenty.answers_needed!.useful);
});
