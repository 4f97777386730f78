import type { Estimate } from '@touchstone/spec';

import { shareInterval } from './means.js';

/**
 * Interval of the difference of two shares over the same cases, 95 %: the share gained less the share lost, each with its
 * own interval over tasks, put together (MOVER, Zou and Donner 2008, with the correlation of two cells of a multinomial). Right also
 * where hardly a case changed, or none: of n that stayed as they were, some share may still be lost.
 *
 * @param changes for each case 1 if it was gained, −1 if it was lost, 0 if it stayed as it was.
 * @param clusters the task of each case.
 * @returns n is the number of clusters; null for fewer than two.
 */
export function pairedShareDifference(
  changes: readonly (-1 | 0 | 1)[],
  clusters: readonly string[],
): Estimate | null {
  const shareOf = (change: -1 | 1): Estimate | null =>
    shareInterval(
      changes.map((one) => Number(one === change)),
      clusters,
    );
  const [gained, lost] = [shareOf(1), shareOf(-1)];
  if (!gained || !lost) return null;
  const difference = gained.mean - lost.mean;
  const stayed = (1 - gained.mean) * (1 - lost.mean);
  // Where one share is 1 the other is 0, and nothing goes together.
  const correlation = stayed > 0 ? -Math.sqrt((gained.mean * lost.mean) / stayed) : 0;
  const reach = (ofGained: number, ofLost: number): number =>
    Math.sqrt(ofGained ** 2 - 2 * correlation * ofGained * ofLost + ofLost ** 2);
  return {
    mean: difference,
    low: Math.max(-1, difference - reach(gained.mean - gained.low, lost.high - lost.mean)),
    high: Math.min(1, difference + reach(gained.high - gained.mean, lost.mean - lost.low)),
    n: gained.n,
  };
}
