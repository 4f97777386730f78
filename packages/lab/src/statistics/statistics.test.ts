import { random } from '@touchstone/spec';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { weightedKappa } from './agreement.js';
import { bestOfK, type Candidate } from './best-of-k.js';
import { spearman } from './correlation.js';
import { unseen } from './jackknife.js';
import { meanInterval, pairedDifference, shareInterval } from './means.js';
import type { Pair } from './pairs.js';
import { wilson } from './proportions.js';
import { meanOf } from './values.js';

const repeat = (pair: Pair, times: number): Pair[] => Array.from({ length: times }, () => pair);

describe('κ', () => {
  test('Boolean: the grant example of Cohen’s κ (50 proposals: 20 both yes, 5, 10, 15 both no) is 0.4', () => {
    const pairs = [...repeat([1, 1], 20), ...repeat([1, 0], 5), ...repeat([0, 1], 10), ...repeat([0, 0], 15)];
    expect(weightedKappa(pairs)).toBeCloseTo(0.4, 12);
  });

  test('graded: kappa2(anxiety[, 1:2], "squared") of the R package irr is 0.297', () => {
    const a = [3, 3, 3, 4, 5, 5, 2, 3, 5, 2, 2, 6, 1, 5, 2, 2, 1, 2, 4, 3];
    const b = [3, 6, 4, 6, 2, 4, 2, 4, 3, 3, 2, 3, 3, 3, 2, 2, 1, 3, 3, 4];
    expect(weightedKappa(a.map((value, i) => [value, b[i]!]))).toBeCloseTo(0.297, 3);
  });

  test('equals the sum over the table of categories, for any readings', () => {
    const reading = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(fc.array(fc.tuple(reading, reading), { minLength: 2, maxLength: 30 }), (pairs) => {
        let [observed, expected] = [0, 0];
        for (let i = 1; i <= 5; i++) {
          for (let j = 1; j <= 5; j++) {
            const share = (test: (pair: Pair) => boolean): number => pairs.filter(test).length / pairs.length;
            observed += (i - j) ** 2 * share(([a, b]) => a === i && b === j);
            expected += (i - j) ** 2 * share(([a]) => a === i) * share(([, b]) => b === j);
          }
        }
        const kappa = weightedKappa(pairs);
        if (expected < 1e-9) expect(kappa).toBeNull();
        else expect(kappa).toBeCloseTo(1 - observed / expected, 9);
      }),
      { seed: 1 },
    );
  });

  test('two criteria of opposite prevalence, each judged by chance, are no agreement together', () => {
    const mostly = (yes: number): Pair[] => [
      ...repeat([1, 1], yes * yes),
      ...repeat([1, 0], yes * (10 - yes)),
      ...repeat([0, 1], yes * (10 - yes)),
      ...repeat([0, 0], (10 - yes) ** 2),
    ];
    expect(weightedKappa(mostly(9), mostly(1))).toBeCloseTo(0, 12);
    expect(weightedKappa([...mostly(9), ...mostly(1)])).toBeGreaterThan(0.6); // what the lists are kept apart for
  });

  test('is undefined where nothing varies', () => {
    expect(weightedKappa(repeat([0.7, 0.7], 7))).toBeNull();
    expect(weightedKappa([])).toBeNull();
  });
});

describe('Spearman', () => {
  test('hours of television against IQ, ten people: −29/165', () => {
    const iq = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110];
    const hours = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17];
    expect(spearman(iq.map((value, i) => [value, hours[i]!]))).toBeCloseTo(-29 / 165, 12);
  });

  test('tied values share their mean rank: cor(c(1,2,2,3), c(1,3,2,4), method = "spearman") in R is 0.9486833', () => {
    expect(
      spearman([
        [1, 1],
        [2, 3],
        [2, 2],
        [3, 4],
      ]),
    ).toBeCloseTo(0.9486833, 7);
  });

  test('is undefined where a side never varies', () => {
    expect(
      spearman([
        [1, 1],
        [1, 2],
      ]),
    ).toBeNull();
  });
});

describe('Wilson', () => {
  // Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
  test.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('%i of %i: %f to %f', (successes, n, low, high) => {
    const interval = wilson(successes, n)!;
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });
});

describe('means', () => {
  test('needs two units and holds the mean', () => {
    expect(meanInterval([])).toBeNull();
    expect(meanInterval([0.5])).toBeNull();
    const interval = meanInterval([0.1, 0.4, 0.4, 0.9, 0.3])!;
    expect(interval.n).toBe(5);
    expect(interval.mean).toBeCloseTo(0.42, 12);
    expect(interval.low).toBeLessThan(0.42);
    expect(interval.high).toBeGreaterThan(0.42);
  });

  test('holds the true mean in about 95 of 100 studies of 40 skewed values', () => {
    let held = 0;
    const studies = 2000;
    for (let study = 0; study < studies; study++) {
      const { next } = random(11, 'study', study);
      const { low, high } = meanInterval(Array.from({ length: 40 }, () => next() ** 2))!; // mean 1/3
      if (low <= 1 / 3 && 1 / 3 <= high) held++;
    }
    expect(held / studies).toBeGreaterThan(0.935);
    expect(held / studies).toBeLessThan(0.97);
  });

  test('draws clusters whole: copies of a task’s answer add no certainty', () => {
    const values = [0, 1, 0.5, 0.25, 0.75, 1];
    const copies = values.flatMap((value) => Array<number>(10).fill(value));
    const tasks = values.flatMap((_, i) => Array<string>(10).fill(`t${i}`));
    const [ofCopies, once] = [shareInterval(copies, tasks)!, meanInterval(values)!];
    for (const end of ['mean', 'low', 'high'] as const) expect(ofCopies[end]).toBeCloseTo(once[end], 12);
    expect(ofCopies.n).toBe(6);
  });

  test('pairs differences: a constant gain has no spread, and yet is not certain', () => {
    const before = [0, 0.25, 0.5, 0.75];
    const gain = pairedDifference(
      before.map((value) => value + 0.25),
      before,
    )!;
    expect(gain.mean).toBe(0.25);
    expect(gain.low).toBeCloseTo(0.25 - unseen(4) * 1.25, 12);
    expect(gain.high).toBeCloseTo(0.25 + unseen(4) * 0.75, 12);
    expect(() => pairedDifference([1], [])).toThrow(RangeError);
    expect(() => meanInterval([0.5, 1.5])).toThrow('0 to 1, got 1.5');
  });

  test('a share that never varied is not certain: Wilson’s interval of so many tasks', () => {
    const tasks = Array.from({ length: 16 }, (_, i) => `t${i % 8}`);
    expect(shareInterval(Array<number>(16).fill(1), tasks)!.low).toBeCloseTo(wilson(8, 8)!.low, 12);
    expect(shareInterval(Array<number>(16).fill(0), tasks)!.high).toBeCloseTo(wilson(0, 8)!.high, 12);
    expect(shareInterval([1, 1], ['t', 't'])).toBeNull();
  });
});

describe('best of k', () => {
  /** Every way to choose k of the candidates; a tie for the best counts as the mean of the tied. */
  function byEnumeration(candidates: Candidate[], k: number): number {
    const picks = (from: Candidate[], size: number): Candidate[][] =>
      size === 0
        ? [[]]
        : from.flatMap((first, i) => picks(from.slice(i + 1), size - 1).map((rest) => [first, ...rest]));
    return meanOf(
      picks(candidates, k).map((draw) => {
        const best = Math.max(...draw.map(({ score }) => score));
        return meanOf(draw.filter(({ score }) => score === best).map(({ outcome }) => outcome));
      }),
    );
  }

  test('equals the mean over all draws, ties and all', () => {
    const candidate = fc.record({
      score: fc.integer({ min: 0, max: 4 }),
      outcome: fc.integer({ min: 0, max: 9 }),
    });
    fc.assert(
      fc.property(
        fc.array(candidate, { minLength: 1, maxLength: 7 }),
        fc.integer({ min: 1, max: 7 }),
        (all, k) => {
          if (k > all.length) expect(bestOfK(all, k)).toBeNull();
          else if (all.every(({ outcome }) => outcome === 1)) expect(bestOfK(all, k)).toBe(1);
          else expect(bestOfK(all, k)).toBeCloseTo(byEnumeration(all, k), 9);
        },
      ),
      { seed: 1 },
    );
  });
});
