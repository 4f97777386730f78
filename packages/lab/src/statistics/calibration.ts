import { type Pair, sides } from './pairs.js';
import { finite, groupBy, meanOf, sumOf } from './values.js';

/** Forecasts that lie close together, beside what came true. */
export interface ReliabilityBin {
  low: number;
  high: number;
  n: number;
  /** Mean forecast. */
  forecast: number;
  /** Share that came true: equal to the forecast for a calibrated judge. */
  outcome: number;
}

/**
 * The reliability diagram: forecasts of 0–1 in bins of equal width, empty ones left out. A forecast on an edge is in the lower bin.
 *
 * @param pairs of [forecast (the judge's score), outcome (0 or 1, or a share)].
 * @throws {RangeError} a forecast or an outcome is outside 0–1.
 */
export function reliabilityBins(pairs: readonly Pair[], bins = 10): ReliabilityBin[] {
  assertShares(pairs);
  const binOf = ([forecast]: Pair): number => Math.max(0, Math.ceil(forecast * bins) - 1);
  return groupBy(
    pairs,
    pairs.map((pair) => String(binOf(pair))),
  )
    .map((inside) => ({
      low: binOf(inside[0]!) / bins,
      high: (binOf(inside[0]!) + 1) / bins,
      n: inside.length,
      forecast: meanOf(inside.map(([forecast]) => forecast)),
      outcome: meanOf(inside.map(([, outcome]) => outcome)),
    }))
    .sort((a, b) => a.low - b.low);
}

/**
 * Expected calibration error: mean |forecast − outcome| over bins, weighted by what lies in them. 0–1; depends on the bins and is biased
 * upwards where they hold little.
 *
 * @returns null for no bins.
 */
export function calibrationError(bins: readonly ReliabilityBin[]): number | null {
  const n = sumOf(bins.map((bin) => bin.n));
  return n === 0 ? null : sumOf(bins.map((bin) => (bin.n / n) * Math.abs(bin.forecast - bin.outcome)));
}

/** `score` = `reliability` − `resolution` + `uncertainty` + `within`. */
export interface Brier {
  /** Mean squared error of the forecasts, 0–1. */
  score: number;
  /** Mean squared distance of forecast and outcome of a bin: what calibration would mend. */
  reliability: number;
  /** Variance of the outcome between bins: what the judge can tell apart. */
  resolution: number;
  /** Variance of the outcome: what a forecast of the base rate gets. */
  uncertainty: number;
  /** What is left, because forecasts and outcomes differ inside a bin; 0 where each bin has one forecast. */
  within: number;
}

/**
 * Brier score (1950) with Murphy's decomposition (1973) over the bins of `reliabilityBins`.
 *
 * @returns null for no pairs.
 * @throws {RangeError} a forecast or an outcome is outside 0–1.
 */
export function brier(pairs: readonly Pair[], bins = 10): Brier | null {
  if (pairs.length === 0) return null;
  const n = pairs.length;
  const base = meanOf(pairs.map(([, outcome]) => outcome));
  const diagram = reliabilityBins(pairs, bins);
  const over = (term: (bin: ReliabilityBin) => number): number =>
    sumOf(diagram.map((bin) => (bin.n / n) * term(bin)));
  const score = meanOf(pairs.map(([forecast, outcome]) => (forecast - outcome) ** 2));
  const reliability = over(({ forecast, outcome }) => (forecast - outcome) ** 2);
  const resolution = over(({ outcome }) => (outcome - base) ** 2);
  const uncertainty = base * (1 - base);
  return {
    score,
    reliability,
    resolution,
    uncertainty,
    within: score - reliability + resolution - uncertainty,
  };
}

function assertShares(pairs: readonly Pair[]): void {
  for (const side of sides(pairs)) {
    for (const value of finite(side, 'forecasts and outcomes')) {
      if (value < 0 || value > 1)
        throw new RangeError(`expected forecasts and outcomes of 0 to 1, got ${value}`);
    }
  }
}
