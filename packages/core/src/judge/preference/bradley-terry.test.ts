import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectedScore, fitStrengths, type Game } from './bradley-terry.js';

const games = (results: readonly (readonly [number, number, Game['outcome'], number])[]): Game[] =>
  results.map(([a, b, outcome, count]) => ({ a, b, outcome, count }));

/** Davidson's model written as it is defined, in π and ν, with the same prior. */
function posterior(pi: readonly number[], nu: number, played: readonly Game[], deviation: number): number {
  const prior = [...pi, nu].reduce((sum, x) => sum - Math.log(x) ** 2 / (2 * deviation ** 2), 0);
  return played.reduce((sum, { a, b, outcome, count = 1 }) => {
    const tie = nu * Math.sqrt(pi[a]! * pi[b]!);
    const chance = { a: pi[a]!, b: pi[b]!, tie }[outcome] / (pi[a]! + pi[b]! + tie);
    return sum + count * Math.log(chance);
  }, prior);
}

/** The maximum by brute force: a grid around the best point so far, ever finer. */
function bruteForce(n: number, played: readonly Game[], deviation: number): number[] {
  let best = Array.from({ length: n + 1 }, () => 0);
  const value = (x: readonly number[]): number =>
    posterior(x.slice(0, n).map(Math.exp), Math.exp(x[n]!), played, deviation);
  for (let width = 4; width > 1e-4; width *= 0.6) {
    const points = best.reduce<number[][]>(
      (grid, centre) =>
        grid.flatMap((point) => [-1, -0.5, 0, 0.5, 1].map((k) => [...point, centre + k * width])),
      [[]],
    );
    best = points.reduce((a, b) => (value(b) > value(a) ? b : a), best);
  }
  return best;
}

describe('strengths from comparisons with ties', () => {
  it('of two items are those that give the shares seen: π₁/π₂ = w₁/w₂, ν = t/√(w₁w₂)', () => {
    const fit = fitStrengths(
      2,
      games([
        [0, 1, 'a', 12],
        [0, 1, 'b', 3],
        [0, 1, 'tie', 6],
      ]),
      1e4,
    );
    expect(fit.strengths[0]! - fit.strengths[1]!).toBeCloseTo(Math.log(12 / 3), 6);
    expect(fit.logTie).toBeCloseTo(Math.log(6 / Math.sqrt(12 * 3)), 6);
    // P(win) + P(tie)/2 is then the share of points: (12 + 3) / 21.
    expect(expectedScore(fit, 0, 1)).toBeCloseTo(15 / 21, 6);
  });

  it.each([
    [
      [
        [0, 1, 'a', 3],
        [1, 2, 'tie', 2],
        [0, 2, 'b', 1],
        [0, 2, 'a', 1],
      ],
      2,
    ],
    [
      [
        [0, 1, 'a', 1],
        [0, 2, 'a', 1],
        [1, 2, 'a', 1],
      ],
      2,
    ],
    [
      [
        [0, 1, 'tie', 1],
        [1, 2, 'tie', 1],
        [0, 2, 'tie', 1],
      ],
      1,
    ],
    [
      [
        [0, 2, 'a', 5],
        [1, 2, 'b', 2],
        [1, 2, 'tie', 7],
      ],
      0.7,
    ],
  ] as const)('are where brute force finds the highest posterior (%#)', (results, deviation) => {
    const played = games(results);
    const { strengths, logTie } = fitStrengths(3, played, deviation);
    const expected = bruteForce(3, played, deviation);
    [...strengths, logTie].forEach((x, i) => expect(x).toBeCloseTo(expected[i]!, 3));
  });

  it('are finite and in order when one item won all and one lost all', () => {
    const fit = fitStrengths(
      3,
      games([
        [0, 1, 'a', 1],
        [0, 2, 'a', 1],
        [1, 2, 'a', 1],
      ]),
    );
    const [first, second, third] = fit.strengths as [number, number, number];
    expect(first).toBeGreaterThan(second);
    expect(second).toBeGreaterThan(third);
    expect(second).toBeCloseTo(0, 6);
    expect(first).toBeLessThan(3);
    // Without a comparison there is nothing to tell items apart.
    expect(expectedScore(fitStrengths(2, []), 0, 1)).toBe(0.5);
  });

  it('do not depend on the names of the items, and two scores of a pair add up to 1', () => {
    const game = fc.record({
      a: fc.nat(4),
      b: fc.nat(4),
      outcome: fc.constantFrom('a', 'b', 'tie') as fc.Arbitrary<Game['outcome']>,
    });
    fc.assert(
      fc.property(fc.array(game, { maxLength: 40 }), (all) => {
        const played = all.filter(({ a, b }) => a !== b);
        const fit = fitStrengths(5, played);
        const turned = fitStrengths(
          5,
          played.map(({ a, b, outcome }) => ({
            a: 4 - b,
            b: 4 - a,
            outcome: outcome === 'a' ? 'b' : outcome === 'b' ? 'a' : 'tie',
          })),
        );
        for (let i = 0; i < 5; i++) {
          expect(turned.strengths[4 - i]!).toBeCloseTo(fit.strengths[i]!, 6);
          for (let j = 0; j < 5; j++) {
            const score = expectedScore(fit, i, j);
            expect(score).toBeGreaterThan(0);
            expect(score).toBeLessThan(1);
            expect(score + expectedScore(fit, j, i)).toBeCloseTo(1, 12);
          }
        }
      }),
      { seed: 3, numRuns: 60 },
    );
  });
});
