import { largest, random } from '@touchstone/spec';

import { type Pair, sides } from './pairs.js';
import { groupBy, meanOf } from './values.js';

/**
 * A map from a judge's score to the probability that a person passes the answer. It never falls, so it does not change the order of two
 * answers (isotonic may make them equal).
 */
export type CalibrationMap =
  /** Linear between the points (scores ascending, probabilities never falling), constant outside them. */
  | { kind: 'isotonic'; points: readonly (readonly [score: number, probability: number])[] }
  /** 1 / (1 + exp(−(slope · score + intercept))), slope at least 0. */
  | { kind: 'platt'; slope: number; intercept: number };

/** What the map makes of a score: 0–1. */
export function calibrated(map: CalibrationMap, score: number): number {
  if (map.kind === 'platt') return sigmoid(map.slope * score + map.intercept);
  const above = map.points.findIndex(([at]) => at >= score);
  if (above === -1) return map.points.at(-1)![1];
  const [right, high] = map.points[above]!;
  if (above === 0) return high;
  const [left, low] = map.points[above - 1]!;
  // Rounded, the sum may lie above its end: a chance of more than 1.
  return Math.min(high, low + ((high - low) * (score - left)) / (right - left));
}

/**
 * Isotonic regression by pooling neighbours that are out of order (Barlow et al. 1972; Zadrozny and Elkan 2002): the never-falling map with the
 * least squared error. It needs about 200 outcomes; with fewer take `platt`.
 *
 * @param pairs of [score, outcome (0 or 1, or a share)].
 * @returns null for no pairs.
 * @throws {RangeError} a reading is not finite.
 */
export function isotonic(pairs: readonly Pair[]): CalibrationMap | null {
  sides(pairs);
  if (pairs.length === 0) return null;
  const blocks: { from: number; to: number; sum: number; n: number }[] = [];
  for (const [score, outcome] of [...pairs].sort(([a], [b]) => a - b)) {
    const last = blocks.at(-1);
    if (last?.to === score && last.from === score) {
      last.sum += outcome;
      last.n++;
    } else blocks.push({ from: score, to: score, sum: outcome, n: 1 });
  }
  const pooled: typeof blocks = [];
  for (const block of blocks) {
    let top = block;
    for (let below = pooled.at(-1); below && below.sum / below.n >= top.sum / top.n; below = pooled.at(-1)) {
      top = { from: below.from, to: top.to, sum: below.sum + top.sum, n: below.n + top.n };
      pooled.pop();
    }
    pooled.push(top);
  }
  const points = pooled.flatMap(({ from, to, sum, n }) => {
    const ends = from === to ? [from] : [from, to];
    return ends.map((score) => [score, sum / n] as const);
  });
  return { kind: 'isotonic', points };
}

/**
 * Logistic regression of the outcome on the score, with Platt's targets (1999), (N₊ + 1) / (N₊ + 2) and 1 / (N₋ + 2) for 1 and 0, which keep the
 * slope finite where score and outcome agree perfectly. Where the best slope is below 0 the map is constant: the score says nothing that
 * keeps its order.
 *
 * @param pairs of [score, outcome (0 or 1)].
 * @returns null for no pairs.
 * @throws {RangeError} a score is not finite, or an outcome neither 0 nor 1.
 */
export function platt(pairs: readonly Pair[]): CalibrationMap | null {
  const [scores, outcomes] = sides(pairs);
  if (pairs.length === 0) return null;
  const odd = outcomes.find((outcome) => outcome !== 0 && outcome !== 1);
  if (odd !== undefined) throw new RangeError(`expected outcomes of 0 or 1, got ${odd}`);
  const passes = outcomes.filter((outcome) => outcome === 1).length;
  const [high, low] = [(passes + 1) / (passes + 2), 1 / (pairs.length - passes + 2)];
  const targets = outcomes.map((outcome) => (outcome === 1 ? high : low));
  const flat = { kind: 'platt', slope: 0, intercept: logit(meanOf(targets)) } as const;
  if (scores.every((score) => score === scores[0])) return flat;
  const { slope, intercept } = logistic(scores, targets, flat.intercept);
  return slope > 0 ? { kind: 'platt', slope, intercept } : flat;
}

/** Newton's method on the log-likelihood, which is concave; steps are halved while they lower it. */
function logistic(
  scores: readonly number[],
  targets: readonly number[],
  start: number,
): { slope: number; intercept: number } {
  // Centred and scaled, so that the two coefficients are about as large and nearly independent.
  const centre = meanOf(scores);
  const scale = largest(scores.map((score) => Math.abs(score - centre)));
  const xs = scores.map((score) => (score - centre) / scale);
  const loss = (slope: number, intercept: number): number =>
    meanOf(
      xs.map((x, i) => {
        const z = slope * x + intercept;
        return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - targets[i]! * z;
      }),
    );
  let [slope, intercept] = [0, start];
  for (let step = 0; step < 100; step++) {
    let [gradientSlope, gradient, curveSlope, curveBoth, curve] = [0, 0, 0, 0, 0];
    xs.forEach((x, i) => {
      const p = sigmoid(slope * x + intercept);
      const weight = p * (1 - p);
      gradientSlope += (p - targets[i]!) * x;
      gradient += p - targets[i]!;
      curveSlope += weight * x * x;
      curveBoth += weight * x;
      curve += weight;
    });
    const determinant = curveSlope * curve - curveBoth * curveBoth;
    if (!(determinant > 0)) break;
    const moveSlope = (curve * gradientSlope - curveBoth * gradient) / determinant;
    const move = (curveSlope * gradient - curveBoth * gradientSlope) / determinant;
    const before = loss(slope, intercept);
    let length = 1;
    while (length > 1e-6 && loss(slope - length * moveSlope, intercept - length * move) > before + 1e-15)
      length /= 2;
    slope -= length * moveSlope;
    intercept -= length * move;
    if (Math.abs(moveSlope) + Math.abs(move) < 1e-13) break;
  }
  return { slope: slope / scale, intercept: intercept - (slope / scale) * centre };
}

/**
 * The calibrated score of each pair by a map that was fitted without the pairs of its cluster (cross-fitting): figures of calibration from
 * them are honest, those from a map's own pairs are not.
 *
 * @param clusters the task of each pair: all answers to one are in one fold.
 * @param fit `isotonic` or `platt`.
 * @returns in the order of the pairs; null for fewer clusters than folds.
 */
export function outOfFold(
  pairs: readonly Pair[],
  clusters: readonly string[],
  fit: (pairs: readonly Pair[]) => CalibrationMap | null,
  seed: number,
  folds = 5,
): number[] | null {
  const groups = groupBy(
    pairs.map((_, i) => i),
    clusters,
  );
  if (groups.length < folds) return null;
  const foldOf = new Map<number, number>();
  random(seed, 'folds')
    .shuffle(groups)
    .forEach((group, place) => group.forEach((i) => foldOf.set(i, place % folds)));
  const maps = Array.from({ length: folds }, (_, fold) =>
    fit(pairs.filter((_pair, i) => foldOf.get(i) !== fold)),
  );
  return pairs.map(([score], i) => calibrated(maps[foldOf.get(i)!]!, score));
}

function sigmoid(z: number): number {
  return 1 / (1 + Math.exp(-z));
}

function logit(p: number): number {
  return Math.log(p / (1 - p));
}
