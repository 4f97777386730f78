import { finite, squaresOf, sumOf } from './values.js';

/** What each of several raters (people, judges, repeats) said of each item: items × raters; null where one said nothing. */
export type Ratings = readonly (readonly (number | null)[])[];

/** What the numbers of a rating mean: names only, an order, distances, or ratios to a true zero. */
export type Level = 'nominal' | 'ordinal' | 'interval' | 'ratio';

/**
 * What was said of each item, without what was not.
 *
 * @throws {RangeError} a rating is not finite.
 */
export function saidOf(ratings: Ratings): number[][] {
  const said = ratings.map((item) => item.filter((rating) => rating !== null));
  for (const item of said) finite(item, 'ratings');
  return said;
}

/**
 * Fleiss’ κ (1971) of several raters naming categories. An item rated m_i times agrees by Σ n(n − 1) / (m_i(m_i − 1)) over its
 * counts n of each category; chance agrees by Σ p², p being a category's share of all ratings. At most 1.
 *
 * Fleiss has as many ratings of every item; here an item may have fewer, and one with fewer than two is left out.
 *
 * @returns null when only one category was ever said, or no item has two ratings.
 * @throws {RangeError} a rating is not finite.
 */
export function fleissKappa(ratings: Ratings): number | null {
  const items = saidOf(ratings).filter((item) => item.length > 1);
  const totals = new Map<number, number>();
  let [agreement, all] = [0, 0];
  for (const item of items) {
    const counts = countsOf(item);
    let same = 0;
    for (const [category, count] of counts) {
      same += count * (count - 1);
      totals.set(category, (totals.get(category) ?? 0) + count);
    }
    agreement += same / (item.length * (item.length - 1));
    all += item.length;
  }
  if (totals.size < 2) return null;
  const chance = sumOf([...totals.values()].map((count) => (count / all) ** 2));
  return (agreement / items.length - chance) / (1 - chance);
}

/**
 * Krippendorff's α (2004): 1 − observed / expected disagreement, for any number of raters and missing ratings. Disagreement is the
 * mean squared distance of two ratings: of one item, and of any two ratings at all. At most 1; 0 is what chance gives. An item with
 * fewer than two ratings is left out.
 *
 * @param level gives the distance of two values: 1 if they differ (nominal); the ratings that lie between them, half of their own
 *   counted (ordinal); their difference (interval); their difference over their sum (ratio).
 * @returns null when only one value was ever said, or no item has two ratings.
 * @throws {RangeError} a rating is not finite, or is negative on a ratio scale.
 */
export function krippendorffAlpha(ratings: Ratings, level: Level): number | null {
  const items = saidOf(ratings).filter((item) => item.length > 1);
  if (level === 'ratio' && items.flat().some((value) => value < 0)) {
    throw new RangeError('expected ratings of at least 0 on a ratio scale');
  }
  if (level === 'interval') return intervalAlpha(items);
  const totals = [...countsOf(items.flat())].sort(([a], [b]) => a - b);
  if (totals.length < 2) return null;
  const places = new Map(totals.map(([value], place) => [value, place]));
  const distance = squaredDistance(totals, level);
  let observed = 0;
  for (const item of items) {
    const counts = [...countsOf(item)].map(([value, count]) => [places.get(value)!, count] as const);
    for (const [a, countA] of counts) {
      for (const [b, countB] of counts) observed += (countA * countB * distance(a, b)) / (item.length - 1);
    }
  }
  const all = sumOf(totals.map(([, count]) => count));
  let expected = 0;
  totals.forEach(([, countA], a) => {
    totals.forEach(([, countB], b) => (expected += (countA * countB * distance(a, b)) / (all - 1)));
  });
  return 1 - observed / expected;
}

/** At the interval level squared distances add up to squared deviations, Σ (a − b)² = 2 n Σ (a − mean)², however many values there are. */
function intervalAlpha(items: readonly (readonly number[])[]): number | null {
  const all = items.flat();
  if (all.every((value) => value === all[0])) return null;
  const observed = sumOf(items.map((item) => (item.length * squaresOf(item)) / (item.length - 1)));
  return 1 - observed / ((all.length * squaresOf(all)) / (all.length - 1));
}

/** Of two values, by their places in `totals`: [value, how often it was said], ascending. */
function squaredDistance(
  totals: readonly (readonly [number, number])[],
  level: Exclude<Level, 'interval'>,
): (a: number, b: number) => number {
  let before = 0;
  const middles = totals.map(([, count]) => (before += count) - count / 2);
  return (a, b) => {
    if (a === b) return 0;
    const [valueA, valueB] = [totals[a]![0], totals[b]![0]];
    switch (level) {
      case 'nominal':
        return 1;
      case 'ordinal':
        return (middles[a]! - middles[b]!) ** 2;
      case 'ratio':
        return ((valueA - valueB) / (valueA + valueB)) ** 2;
    }
  };
}

function countsOf(values: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
