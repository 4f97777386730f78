import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { krippendorffAlpha } from './agreement-of-many.js';
import { gwetAC1, weightedKappa } from './agreement.js';
import { bestOfK } from './best-of-k.js';
import { isotonic, platt } from './calibration-maps.js';
import { brier } from './calibration.js';
import { predictionPowered } from './corrected-rates.js';
import { kendallInterval, spearmanInterval } from './correlation-intervals.js';
import { kendall, partialSpearman, pearson, spearman } from './correlation.js';
import { balancedAccuracyInterval, kappaInterval, pairAccuracyInterval } from './intervals.js';
import { intervalOf, jackknifeOfSums, SIGNED } from './jackknife.js';
import { meanInterval } from './means.js';
import type { Pair } from './pairs.js';
import type { Verdicts } from './rates.js';
import { iccInterval } from './reliability-intervals.js';
import { iccOneWay } from './reliability.js';
import { simultaneousIntervals } from './several.js';
import { pairAccuracy } from './within-groups.js';

const score = fc.integer({ min: 0, max: 4 }).map((value) => value / 4);
const pair = fc.tuple(score, score);
const tasks = fc.array(fc.array(pair, { maxLength: 5 }), { maxLength: 12 });
const verdict = fc.tuple(fc.boolean(), fc.boolean());
const all = { seed: 1, numRuns: 300 };
const flip = (pairs: readonly Pair[]): Pair[] => pairs.map(([a, b]) => [b, a]);

describe('no number that is not one', () => {
  const broken: Pair[] = [
    [0, 1],
    [NaN, 0],
    [1, 1],
  ];
  const lists: Record<string, () => unknown> = {
    weightedKappa: () => weightedKappa(broken),
    gwetAC1: () => gwetAC1(broken, 2),
    spearman: () => spearman(broken),
    kendall: () => kendall(broken),
    pearson: () => pearson(broken),
    pairAccuracy: () => pairAccuracy([broken]),
    kappaInterval: () => kappaInterval([[broken], [broken]]),
    spearmanInterval: () => spearmanInterval([broken, broken]),
    krippendorffAlpha: () => krippendorffAlpha(broken, 'interval'),
    iccOneWay: () => iccOneWay(broken),
    meanInterval: () => meanInterval([0, Infinity]),
    isotonic: () => isotonic(broken),
    platt: () => platt(broken),
    brier: () => brier(broken),
    predictionPowered: () => predictionPowered([0.5], broken),
    bestOfK: () => bestOfK([{ score: NaN, outcome: 1 }], 1),
    simultaneousIntervals: () => simultaneousIntervals([[0, NaN]], 1),
  };
  test.each(Object.entries(lists))('%s refuses it by name', (_name, call) => {
    expect(call).toThrow(RangeError);
    expect(call).toThrow(/NaN|Infinity/);
  });
});

describe('figures of pairs', () => {
  test('are symmetric, 1 with themselves, and within their range', () => {
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 20 }), (pairs) => {
        const symmetric = [weightedKappa, spearman, kendall, pearson];
        for (const figure of symmetric) {
          const value = figure(pairs);
          if (value === null) continue;
          expect(figure(flip(pairs))).toBeCloseTo(value, 9);
          expect(figure(pairs.map(([a]): Pair => [a, a])) ?? 1).toBeCloseTo(1, 9);
          expect(Math.abs(value)).toBeLessThanOrEqual(1 + 1e-12);
        }
      }),
      all,
    );
  });

  test('of ranks do not change with the scale, and turn with it', () => {
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 20 }), (pairs) => {
        for (const figure of [spearman, kendall]) {
          const value = figure(pairs);
          expect(figure(pairs.map(([a, b]): Pair => [Math.exp(3 * a), b - 7]))).toBe(value);
          const turned = figure(pairs.map(([a, b]): Pair => [-a, b]));
          expect(turned === null ? null : -turned).toEqual(value === null ? null : expect.closeTo(value, 9));
        }
        expect(
          partialSpearman(
            pairs,
            pairs.map(() => 1),
          ),
        ).toBeNull();
      }),
      all,
    );
  });

  test('pair accuracy is one half for a constant judge, and what is missing from 1 turned round', () => {
    fc.assert(
      fc.property(tasks, (groups) => {
        const value = pairAccuracy(groups);
        const turned = pairAccuracy(groups.map((group) => group.map(([a, b]): Pair => [-a, b])));
        expect(turned).toEqual(value === null ? null : expect.closeTo(1 - value, 9));
        const constant = pairAccuracy(groups.map((group) => group.map(([, b]): Pair => [0.3, b])));
        expect(constant).toBe(value === null ? null : 0.5);
      }),
      all,
    );
  });
});

describe('intervals', () => {
  test('hold the figure, stay in the range and do not depend on the order of the tasks', () => {
    const figures = [
      {
        of: (sample: Pair[][]) => kappaInterval(sample.map((pairs) => [pairs])),
        point: (sample: Pair[][]) => weightedKappa(sample.flat()),
        low: -1,
      },
      { of: spearmanInterval, point: (sample: Pair[][]) => spearman(sample.flat()), low: -1 },
      { of: kendallInterval, point: (sample: Pair[][]) => kendall(sample.flat()), low: -1 },
      { of: pairAccuracyInterval, point: pairAccuracy, low: 0 },
      { of: iccInterval, point: (sample: Pair[][]) => iccOneWay(sample.flat()), low: -1 },
    ];
    fc.assert(
      fc.property(tasks, (sample) => {
        for (const { of, point, low } of figures) {
          const interval = of(sample as Pair[][]);
          if (!interval) continue;
          expect(interval.mean).toBeCloseTo(point(sample as Pair[][])!, 9);
          expect(interval.low).toBeGreaterThanOrEqual(low - 1e-12);
          expect(interval.low).toBeLessThanOrEqual(interval.mean + 1e-12);
          expect(interval.high).toBeGreaterThanOrEqual(interval.mean - 1e-12);
          expect(interval.high).toBeLessThanOrEqual(1 + 1e-12);
          expect(of([...(sample as Pair[][])].reverse())!.low).toBeCloseTo(interval.low, 6);
        }
      }),
      all,
    );
  });

  test('leave out each task as the slow way does', () => {
    fc.assert(
      fc.property(tasks, (sample) => {
        const filled = sample.filter((pairs) => pairs.length > 0);
        for (const [fast, slow] of [
          [spearmanInterval, spearman],
          [kendallInterval, kendall],
        ] as const) {
          const [a, b] = [fast(sample), intervalOf(filled, (some) => slow(some.flat()), SIGNED)];
          expect(a?.low ?? null).toEqual(b ? expect.closeTo(b.low, 6) : null);
        }
      }),
      all,
    );
  });

  test('of the mean have the standard error of the mean', () => {
    const values = [0.2, 0.9, 0.4, 0.4, 0.7];
    const error = jackknifeOfSums(
      values.map((value) => [value, 1]),
      ([sum, n]) => sum! / n!,
    )!.error;
    expect(error).toBeCloseTo(0.1240967364599086, 12); // scipy.stats.sem
  });

  test('perfect agreement of two tasks shows nothing; of many, much', () => {
    const perfect = (n: number): Pair[][][] => Array.from({ length: n }, (_, i) => [[[i % 2, i % 2]]]);
    expect(kappaInterval(perfect(2))).toBeNull(); // without either of them nothing varies
    expect(kappaInterval(perfect(4))!.low).toBeLessThan(0.3);
    expect(kappaInterval(perfect(20))!.low).toBeCloseTo(0.69, 2);
    expect(kappaInterval(perfect(200))!.low).toBeGreaterThan(0.95);
    // Where nearly all labels are one, the same disagreement costs κ more.
    const skewed = Array.from({ length: 60 }, (_, i): Pair[][] => [[[Number(i > 3), Number(i > 3)]]]);
    expect(kappaInterval(skewed)!.low).toBeLessThan(0.75);
  });

  test('a judge that always says yes has κ 0, and no certainty of it where nearly all labels are yes', () => {
    const always = Array.from({ length: 120 }, (_, i): Pair[][] => [[[1, Number(i % 20 > 0)]]]);
    const kappa = kappaInterval(always)!;
    expect(kappa.mean).toBeCloseTo(0, 12);
    expect(kappa.low).toBeLessThan(0);
    expect(kappa.high).toBeGreaterThan(0.2);
    const accuracy = balancedAccuracyInterval(
      always.map(([pairs]) => pairs!.map(([a, b]): Verdicts => [a === 1, b === 1])),
    )!;
    expect(accuracy.mean).toBe(0.5);
    expect(accuracy.n).toBe(6);
  });
});

test('verdicts of any kind have a balanced accuracy that lies in its interval', () => {
  fc.assert(
    fc.property(fc.array(fc.array(verdict, { maxLength: 4 }), { maxLength: 10 }), (sample) => {
      const interval = balancedAccuracyInterval(sample);
      if (!interval) return;
      expect(interval.low).toBeGreaterThanOrEqual(-1e-12);
      expect(interval.high).toBeLessThanOrEqual(1 + 1e-12);
      expect(interval.low).toBeLessThanOrEqual(interval.mean);
    }),
    all,
  );
});
