import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { calibrated, isotonic, outOfFold, platt } from './calibration-maps.js';
import { brier } from './calibration.js';
import { predictionPoweredInterval, roganGladenInterval } from './corrected-intervals.js';
import { predictionPowered, roganGladen } from './corrected-rates.js';
import { exceedance } from './hypothesis-tests.js';
import { effectiveJudges } from './judge-errors.js';
import { moreForHalfWidth, moreToClear } from './labels-needed.js';
import { meanInterval } from './means.js';
import type { Pair } from './pairs.js';
import type { Verdicts } from './rates.js';
import { repeatsNeeded, smallestDetectableChange, spearmanBrown } from './reliability.js';
import { simultaneousIntervals } from './several.js';
import { trainingsInterval } from './trainings.js';
import { shareWithoutSpread } from './within-groups.js';

const score = fc.integer({ min: 0, max: 4 }).map((value) => value / 4);
const all = { seed: 1, numRuns: 300 };

describe('corrected rates', () => {
  test('a perfect judge needs no correction, and a blind one cannot be corrected', () => {
    const labelled = Array.from({ length: 40 }, (_, i): Verdicts => [i % 3 > 0, i % 3 > 0]);
    expect(roganGladen([true, true, false, true], labelled)).toBe(0.75);
    const blind = Array.from({ length: 40 }, (_, i): Verdicts => [i % 2 > 0, i % 3 > 0]);
    expect(
      roganGladenInterval(
        Array.from({ length: 40 }, () => [true, false]),
        blind.map((one) => [one]),
      ),
    ).toBeNull();
  });

  test('leaning on a judge that says nothing changes nothing, and a good one narrows the interval', () => {
    const labelled = Array.from({ length: 60 }, (_, i): Pair[] => [[Number(i % 3 > 0), Number(i % 3 > 0)]]);
    const judged = Array.from({ length: 600 }, (_, i) => [Number(i % 3 > 0)]);
    const alone = meanInterval(labelled.flat().map(([, label]) => label))!;
    const powered = predictionPoweredInterval(judged, labelled)!;
    expect(powered.high - powered.low).toBeLessThan((alone.high - alone.low) / 2);
    const constant = labelled.flat().map(([, label]): Pair[] => [[0.5, label]]);
    expect(predictionPowered(judged.flat(), constant.flat())).toEqual({ mean: alone.mean, lambda: 0 });
  });
});

test('the chance of so many successes or more is the sum of their chances', () => {
  // 5 trials of 0.15: three succeed by 10 · 0.15³ · 0.85², four by 5 · 0.15⁴ · 0.85, five by 0.15⁵.
  expect(exceedance(3, 5, 0.15)).toBeCloseTo(0.024384375 + 0.0021515625 + 0.0000759375, 12);
  expect(exceedance(0, 5, 0.15)).toBe(1);
});

describe('calibration', () => {
  test('a map of two levels in fifths rounds to no chance of more than 1', () => {
    const third = [0, 0, 1].map((outcome): Pair => [0.4, outcome]);
    expect(calibrated(isotonic([...third, [0.6, 1]])!, 0.6)).toBe(1);
  });

  test('maps never fall, whatever they were fitted to', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(score, fc.constantFrom(0, 1)), { minLength: 1, maxLength: 30 }),
        (pairs) => {
          for (const map of [isotonic(pairs)!, platt(pairs)!]) {
            const values = Array.from({ length: 21 }, (_, i) => calibrated(map, i / 20));
            for (let i = 1; i < 21; i++) expect(values[i]).toBeGreaterThanOrEqual(values[i - 1]! - 1e-12);
            expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
            expect(Math.max(...values)).toBeLessThanOrEqual(1);
          }
        },
      ),
      all,
    );
  });

  test('the parts of the Brier score add up', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(score, fc.constantFrom(0, 1)), { minLength: 1, maxLength: 30 }),
        (pairs) => {
          const { score: whole, reliability, resolution, uncertainty, within } = brier(pairs)!;
          expect(reliability - resolution + uncertainty + within).toBeCloseTo(whole, 12);
          expect(within).toBeCloseTo(0, 12); // the five scores lie in five bins
        },
      ),
      all,
    );
  });

  test('out of fold, noise has no skill', () => {
    const noise = Array.from({ length: 200 }, (_, i): Pair => [i / 200, Number((i * 7919) % 13 < 6)]);
    const clusters = noise.map((_, i) => `t${i % 100}`);
    const own = brier(noise.map(([s, y]): Pair => [calibrated(isotonic(noise)!, s), y]))!.score;
    const honest = outOfFold(noise, clusters, isotonic, 1)!;
    expect(brier(honest.map((p, i): Pair => [p, noise[i]![1]]))!.score).toBeGreaterThan(own);
    expect(outOfFold(noise.slice(0, 4), ['a', 'b', 'c', 'd'], isotonic, 1)).toBeNull();
  });
});

describe('what is needed', () => {
  test('repeats: the fewest whose mean is reliable enough', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.05, max: 0.99, noNaN: true }),
        fc.double({ min: 0.1, max: 0.95, noNaN: true }),
        (r, target) => {
          const k = repeatsNeeded(r, target)!;
          expect(spearmanBrown(r, k)!).toBeGreaterThanOrEqual(target - 1e-6);
          if (k > 1) expect(spearmanBrown(r, k - 1)!).toBeLessThan(target);
        },
      ),
      all,
    );
    expect(repeatsNeeded(0, 0.9)).toBeNull();
    expect(effectiveJudges(6, 0.42)).toBeCloseTo(1.9, 1);
    expect(effectiveJudges(3, 0.42)).toBeCloseTo(1.6, 1);
    expect(smallestDetectableChange(0.1)).toBeCloseTo(0.277, 3);
  });

  test('labels: four times as many halve the interval', () => {
    const now = { mean: 0.7, low: 0.5, high: 0.9, n: 40 };
    expect(moreForHalfWidth(now, 0.1)).toBe(120);
    expect(moreToClear(now, { min: 0.6 })).toBe(120);
    expect(moreToClear(now, { min: 0.4 })).toBe(0);
    expect(moreToClear(now, { min: 0.8 })).toBeNull();
    expect(moreToClear(now, { max: 0.8 })).toBe(120);
  });
});

describe('several at once', () => {
  test('are wider than one, and no wider than Bonferroni where they go together', () => {
    const one = Array.from({ length: 50 }, (_, i) => ((i * 7919) % 101) / 101);
    const half = (columns: number[][]): number => {
      const { low, high } = simultaneousIntervals(columns, 1)[0]!;
      return (high - low) / 2;
    };
    const single = half([one]);
    expect(half([one, one, one])).toBeCloseTo(single, 12);
    const others = [3, 5, 11].map((step) => one.map((_, i) => one[(i * step) % 50]!));
    expect(half([one, ...others])).toBeGreaterThan(single * 1.1);
  });

  test('trainings that differ cost more than tasks that do', () => {
    const trainings = (shifts: number[]): number[][][] =>
      shifts.map((shift) => Array.from({ length: 100 }, (_, i) => [shift + ((i * 37) % 100) / 1000]));
    const [same, differ] = [trainings([0.1, 0.1, 0.1]), trainings([0, 0.1, 0.2])].map((list) =>
      trainingsInterval(list)!,
    );
    expect(same!.mean).toBeCloseTo(differ!.mean, 9);
    expect(same!.high - same!.low).toBeLessThan(0.05);
    expect(differ!.high - differ!.low).toBeGreaterThan(0.3); // two degrees of freedom
    expect(trainingsInterval(trainings([0.1]))).toBeNull();
  });

  test('share of groups that teach nothing', () => {
    expect(shareWithoutSpread([[1, 1], [0, 1], [1]])).toBe(0.5);
    expect(shareWithoutSpread([[1]])).toBeNull();
  });
});
