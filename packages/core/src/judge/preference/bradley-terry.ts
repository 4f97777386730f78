import { largest } from '@touchstone/spec';
/** The outcome of one comparison of items `a` and `b` (indices), with how often it was seen (default 1). */
export interface Game {
  a: number;
  b: number;
  outcome: 'a' | 'b' | 'tie';
  count?: number;
}

export interface Strengths {
  /** Log-strength of each item; only differences matter, the prior centres them. */
  strengths: number[];
  /** Logarithm of Davidson's ν: how likely equals tie. P(tie) of two equals is ν / (2 + ν). */
  logTie: number;
}

/**
 * Standard deviation of the normal prior on every log-strength and on log ν. Weak: it moves a strength that ten games
 * have fixed by little, yet an item that won every game keeps a finite one.
 */
export const PRIOR_DEVIATION = 2;

const MAX_STEPS = 100;
const TOLERANCE = 1e-10;

/**
 * Strengths of `n` items from comparisons with ties, by Davidson's extension of Bradley and Terry (R. R. Davidson,
 * JASA 65:317–328, 1970): with πᵢ = exp(strengthᵢ),
 *
 *     P(i beats j) = πᵢ / (πᵢ + πⱼ + ν√(πᵢπⱼ))    P(tie) = ν√(πᵢπⱼ) / (πᵢ + πⱼ + ν√(πᵢπⱼ))
 *
 * at the maximum of the posterior under independent normal priors. The logarithm of the likelihood is a sum of linear
 * terms less logarithms of sums of exponentials of linear terms, so it is concave in (log π, log ν) and, with the
 * prior, has one maximum, which damped Newton steps reach.
 */
export function fitStrengths(n: number, games: readonly Game[], deviation = PRIOR_DEVIATION): Strengths {
  let at = Array.from({ length: n + 1 }, () => 0);
  let value = objective(at, games, deviation);
  for (let step = 0; step < MAX_STEPS; step++) {
    const { gradient, curvature } = derivatives(at, games, deviation);
    const move = solve(curvature, gradient);
    let scale = 1;
    let next = at;
    let reached = value;
    do {
      next = at.map((x, i) => x + scale * move[i]!);
      reached = objective(next, games, deviation);
      scale /= 2;
    } while (reached < value && scale > 1e-12);
    const moved = largest(next.map((x, i) => Math.abs(x - at[i]!)));
    [at, value] = [next, reached];
    if (moved < TOLERANCE) break;
  }
  return { strengths: at.slice(0, n), logTie: at[n]! };
}

/** What item `i` can expect of a comparison with item `j`: P(win) + P(tie) / 2, in 0–1. */
export function expectedScore({ strengths, logTie }: Strengths, i: number, j: number): number {
  const [win, , tie] = chances(strengths[i]!, strengths[j]!, logTie);
  return win + tie / 2;
}

/** P(a wins), P(b wins), P(tie). */
function chances(a: number, b: number, logTie: number): [number, number, number] {
  const exponents = [a, b, logTie + (a + b) / 2];
  const top = largest(exponents);
  const [x, y, z] = exponents.map((exponent) => Math.exp(exponent - top)) as [number, number, number];
  const sum = x + y + z;
  return [x / sum, y / sum, z / sum];
}

const OUTCOMES = ['a', 'b', 'tie'] as const;

/** Logarithm of the posterior, up to a constant. The last entry of `at` is log ν. */
function objective(at: readonly number[], games: readonly Game[], deviation: number): number {
  const logTie = at.at(-1)!;
  const fit = games.reduce((sum, { a, b, outcome, count = 1 }) => {
    const p = chances(at[a]!, at[b]!, logTie)[OUTCOMES.indexOf(outcome)]!;
    return sum + count * Math.log(p);
  }, 0);
  return fit - at.reduce((sum, x) => sum + x * x, 0) / (2 * deviation ** 2);
}

/** Gradient of the objective, and its second derivatives with the sign changed (positive definite). */
function derivatives(at: readonly number[], games: readonly Game[], deviation: number) {
  const size = at.length;
  const tie = size - 1;
  const precision = 1 / deviation ** 2;
  const gradient = at.map((x) => -x * precision);
  const curvature = at.map((_, i) => at.map((__, j) => (i === j ? precision : 0)));
  for (const { a, b, outcome, count = 1 } of games) {
    const [win, loss, draw] = chances(at[a]!, at[b]!, at[tie]!);
    // Each outcome's exponent is linear: (1, 0, 0), (0, 1, 0), (½, ½, 1) in (strength a, strength b, log ν).
    const mean = [win + draw / 2, loss + draw / 2, draw];
    const seen = { a: [1, 0, 0], b: [0, 1, 0], tie: [0.5, 0.5, 1] }[outcome];
    const square = [
      [win + draw / 4, draw / 4, draw / 2],
      [draw / 4, loss + draw / 4, draw / 2],
      [draw / 2, draw / 2, draw],
    ];
    const places = [a, b, tie];
    places.forEach((p, i) => {
      gradient[p]! += count * (seen[i]! - mean[i]!);
      places.forEach((q, j) => {
        curvature[p]![q]! += count * (square[i]![j]! - mean[i]! * mean[j]!);
      });
    });
  }
  return { gradient, curvature };
}

/** Solves A·x = b for a positive definite A, by Gaussian elimination: it needs no pivoting there. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  const n = rows.length;
  for (let k = 0; k < n; k++) {
    for (let i = k + 1; i < n; i++) {
      const factor = rows[i]![k]! / rows[k]![k]!;
      for (let j = k; j <= n; j++) rows[i]![j]! -= factor * rows[k]![j]!;
    }
  }
  const x = Array.from({ length: n }, () => 0);
  for (let i = n - 1; i >= 0; i--) {
    let rest = rows[i]![n]!;
    for (let j = i + 1; j < n; j++) rest -= rows[i]![j]! * x[j]!;
    x[i] = rest / rows[i]![i]!;
  }
  return x;
}
