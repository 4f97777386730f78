import { indicators, partialCorrelation } from '../statistics/partial-correlation.js';
import { correlation } from '../statistics/correlation.js';
import { type CorrelationOf } from '../statistics/simultaneous-correlations.js';
import { meanOf } from '../statistics/values.js';
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
  read: (items) => ({
    ranked: [
      scoresFor(pairing.criterion, items),
      items.map((item) => outcomeOf(pairing, item)),
      items.map(({ length }) => length),
    ],
    plain: fieldColumns(pairing, items),
  }),
  of: ([scores, outcomes, lengths], fields) =>
    partialCorrelation(scores!, outcomes!, [...powersOf(lengths!), ...fields]),
});

/** Columns that `partialOf` holds constant. */
export const heldColumns = (pairing: Pairing, items: readonly Item[]): number =>
  POWERS.length + fieldColumns(pairing, items).length;

const fieldColumns = ({ given }: Pairing, items: readonly Item[]): number[][] =>
  given.flatMap((field) => indicators(items.map((item) => fieldOf(item, field))));

/** Of the length's rank. */
const POWERS = [1, 2, 3];

function powersOf(ranks: readonly number[]): number[][] {
  const mean = meanOf(ranks);
  const centred = ranks.map((rank) => (rank - mean) / Math.max(1, ranks.length));
  return POWERS.map((power) => centred.map((rank) => rank ** power));
}

const ofTwo: CorrelationOf<Item>['of'] = ([first, second]) => correlation(first!, second!);

/** Spearman's correlation of two criteria. */
export const betweenCriteria = (first: string, second: string): CorrelationOf<Item> => ({
  uses: ({ scores }) => scores.has(first) && scores.has(second),
  read: (items) => ({ ranked: [scoresFor(first, items), scoresFor(second, items)], plain: [] }),
  of: ofTwo,
});

/** Spearman's correlation of a criterion with a metric among the items with a value of a field. */
export const within = (pairing: Pairing, field: string, value: string): CorrelationOf<Item> => ({
  uses: (item) => hasBoth(pairing, item) && fieldOf(item, field) === value,
  read: (items) => ({
    ranked: [scoresFor(pairing.criterion, items), items.map((item) => outcomeOf(pairing, item))],
    plain: [],
  }),
  of: ofTwo,
});
