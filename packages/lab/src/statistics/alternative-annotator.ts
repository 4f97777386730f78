import type { Ratings } from './agreement-of-many.js';
import { tCdf } from './distributions.js';
import { benjaminiYekutieli } from './hypothesis-tests.js';
import { finite, meanOf, squaresOf } from './values.js';

/** May the judge stand in for a person? */
export interface AlternativeAnnotator {
  /** Share of people beside whom the judge is no worse, by more than ε. The judge may replace a person from 0.5. */
  winning_rate: number;
  /** Mean over people of the share of items where the judge agrees with the others at least as well as that person. */
  advantage: number;
  people: {
    advantage: number;
    /** That the judge is worse by ε or more, adjusted for the number of people. */
    p: number;
    /** Items that this person, the judge and at least one other person rated. */
    n: number;
  }[];
}

/**
 * The alternative annotator test (Calderon, Reichart and Dror 2025). Each person in turn is left out; on each item the judge and
 * that person are compared by how well they agree with the others: share of equal ratings (nominal), or minus the root mean squared
 * difference (graded). One-sided paired t test of the shares of items on which person and judge do at least as well as the other, with
 * the person ε ahead allowed; Benjamini–Yekutieli over people at 5 %.
 *
 * @param judge one rating an item; null where it abstained.
 * @param people items × people; null where a person said nothing.
 * @param epsilon what a person costs more than the judge, 0.1 to 0.2: how much worse the judge may be.
 * @param least people with fewer items than this are left out.
 * @returns null for fewer than three people with enough items: the test then says nothing.
 * @throws {RangeError} a rating is not finite, or the lists differ in length.
 */
export function alternativeAnnotator(
  judge: readonly (number | null)[],
  people: Ratings,
  { epsilon, graded, least = 30 }: { epsilon: number; graded: boolean; least?: number },
): AlternativeAnnotator | null {
  if (judge.length !== people.length) {
    throw new RangeError(
      `expected a rating by the judge for each item, got ${judge.length} for ${people.length}`,
    );
  }
  const agreement = graded ? closeness : shareEqual;
  const count = Math.max(0, ...people.map((item) => item.length));
  const compared = Array.from({ length: count }, (_, person) => {
    const items = people.flatMap((item, i) => {
      const [own, rated] = [item[person] ?? null, judge[i]!];
      const others = item.filter((rating, j) => j !== person && rating !== null) as number[];
      if (own === null || rated === null || others.length === 0) return [];
      finite([own, rated, ...others], 'ratings');
      return [Math.sign(agreement(rated, others) - agreement(own, others))];
    });
    return { person, items };
  }).filter(({ items }) => items.length >= Math.max(2, least));
  if (compared.length < 3) return null;
  const adjusted = benjaminiYekutieli(
    compared.map(({ items }) =>
      oneSided(
        items.map((sign) => Number(sign <= 0) - Number(sign >= 0)),
        epsilon,
      ),
    ),
  );
  const advantages = compared.map(({ items }) => meanOf(items.map((sign) => Number(sign >= 0))));
  return {
    winning_rate: meanOf(adjusted.map((p) => Number(p < 0.05))),
    advantage: meanOf(advantages),
    people: compared.map(({ items }, i) => ({ advantage: advantages[i]!, p: adjusted[i]!, n: items.length })),
  };
}

/** p value of the t test that the mean is below a bound, against at or above. */
function oneSided(values: readonly number[], bound: number): number {
  const n = values.length;
  const distance = meanOf(values) - bound;
  const error = Math.sqrt(squaresOf(values) / (n - 1) / n);
  if (error === 0) return distance < 0 ? 0 : 1;
  return tCdf(distance / error, n - 1);
}

function shareEqual(rating: number, others: readonly number[]): number {
  return meanOf(others.map((other) => Number(other === rating)));
}

function closeness(rating: number, others: readonly number[]): number {
  return -Math.sqrt(meanOf(others.map((other) => (other - rating) ** 2)));
}
