import type { Estimate } from '@touchstone/spec';

import { intervalOf, UNBOUNDED } from './jackknife.js';
import * as means from './means.js';

// Callers name a seed that nothing draws with any more; they move to means.ts and jackknife.ts.

export function bootstrapInterval<T>(
  units: readonly T[],
  statistic: (sample: T[]) => number | null,
  _seed: number,
): Estimate | null {
  return intervalOf(units, (sample) => statistic([...sample]), UNBOUNDED);
}

export function meanInterval(values: readonly number[], _seed: number): Estimate | null {
  return means.meanInterval(values);
}

export function pairedDifference(a: readonly number[], b: readonly number[], _seed: number): Estimate | null {
  return means.pairedDifference(a, b);
}

export function clusteredMeanInterval(
  values: readonly number[],
  clusters: readonly string[],
  _seed: number,
): Estimate | null {
  return means.clusteredMeanInterval(values, clusters, UNBOUNDED);
}
