import { type Estimate, random } from '@touchstone/spec';

import { quantile } from './values.js';

/** Resamples of an interval. */
const RESAMPLES = 2000;
/** A statistic that is undefined in more of the resamples than this has no interval. */
const UNDEFINED_LIMIT = 0.1;

/**
 * Percentile bootstrap, 95 %, 2,000 resamples (Efron 1979), for a statistic that is not smooth, such as a median. For any other take
 * `intervalOf`: this one is too narrow for few units (about 90 % for ten).
 *
 * @param units what was sampled independently.
 * @param statistic of a sample; null where it is undefined there.
 * @returns null for fewer than two units, or when the statistic is undefined for all of them together or for more than a tenth of the
 *   resamples.
 */
export function bootstrapInterval<T>(
  units: readonly T[],
  statistic: (sample: T[]) => number | null,
  seed: number,
): Estimate | null {
  const n = units.length;
  if (n < 2) return null;
  const mean = statistic([...units]);
  if (mean === null) return null;
  const { integer } = random(seed, 'bootstrap');
  const values: number[] = [];
  for (let resample = 0; resample < RESAMPLES; resample++) {
    const value = statistic(units.map(() => units[integer(n)]!));
    if (value !== null) values.push(value);
  }
  if (values.length < RESAMPLES * (1 - UNDEFINED_LIMIT)) return null;
  values.sort((a, b) => a - b);
  return { mean, low: quantile(values, 0.025), high: quantile(values, 0.975), n };
}
