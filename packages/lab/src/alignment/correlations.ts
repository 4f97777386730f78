import { partialRankCorrelation, indicators } from '../statistics/partial-correlation.js';
import { correlation } from '../statistics/correlation.js';
import { type CorrelationOf } from '../statistics/simultaneous-correlations.js';
import { meanOf, ranks } from '../statistics/values.js';
import { fieldOf, type Item } from './items.js';
import type { MetricConfig } from './metrics-schema.js';

/** A criterion beside a metric. */
export interface Pairing {
  criterion: string;
  metric: string;
  direction: MetricConfig['direction'];
  /** Fields that are held constant beside the length. */
  given: readonly string[];
}

/** Items that have both a verdict and an outcome. */
export const hasBoth = ({ criterion, metric }: Pick<Pairing, 'criterion' | 'metric'>, item: Item): boolean =>
  item.scores.has(criterion) && item.outcomes.has(metric);

/** An outcome with the direction of its metric: more is better. */
export function outcomeOf({ metric, direction }: Pick<Pairing, 'metric' | 'direction'>, item: Item): number {
  const value = item.outcomes.get(metric)!;
  return direction === 'higher' ? value : 0 - value;
}

export const scoresFor = (criterion: string, items: readonly Item[]): number[] =>
  items.map(({ scores }) => scores.get(criterion)!);

/**
 * Spearman's correlation of a criterion with a metric, given the length of the answer and the metric's fields. The length counts by its rank, its
 * square and its cube: what rises with it up to a point and then falls goes with it all the same.
 */
export const partialOf = (pairing: Pairing): CorrelationOf<Item> => ({
  uses: (item) => hasBoth(pairing, item),
  of: (items) =>
    partialRankCorrelation(
      scoresFor(pairing.criterion, items),
      items.map((item) => outcomeOf(pairing, item)),
      heldColumns(items, pairing.given),
    ),
});

function heldColumns(items: readonly Item[], given: readonly string[]): number[][] {
  const byLength = ranks(items.map(({ length }) => length));
  const mean = meanOf(byLength);
  const centred = byLength.map((rank) => (rank - mean) / Math.max(1, items.length));
  return [
    ...[1, 2, 3].map((power) => centred.map((rank) => rank ** power)),
    ...given.flatMap((field) => indicators(items.map((item) => fieldOf(item, field)))),
  ];
}

/** Spearman's correlation of two criteria. */
export const betweenCriteria = (first: string, second: string): CorrelationOf<Item> => ({
  uses: ({ scores }) => scores.has(first) && scores.has(second),
  of: (items) => correlation(ranks(scoresFor(first, items)), ranks(scoresFor(second, items))),
});

/** Spearman's correlation of a criterion with a metric among the items with a value of a field. */
export const within = (pairing: Pairing, field: string, value: string): CorrelationOf<Item> => ({
  uses: (item) => hasBoth(pairing, item) && fieldOf(item, field) === value,
  of: (items) =>
    correlation(
      ranks(scoresFor(pairing.criterion, items)),
      ranks(items.map((item) => outcomeOf(pairing, item))),
    ),
});
