import { smallest, type AlignmentCell, type CriterionName, type Estimate } from '@touchstone/spec';
import { normalQuantile, Z95 } from '../statistics/distributions.js';
import { itemsToDetect, itemsToShowNone } from '../statistics/items-needed.js';
import { explainedBy } from '../statistics/partial-correlation.js';
import { quantile } from '../statistics/values.js';
import { scoresFor } from './correlations.js';
import { byTask, type Item } from './items.js';

/** A correlation within this of 0 is none, and never more than the share of what the values can reach. */
const NONE = 0.1;
const NONE_OF_ATTAINABLE = 0.2;
/** Two criteria that correlate more, and one of which the others explain more, say the same. */
const SAME = 0.9;
/** Chance that the answers that are asked for suffice. */
const CHANCE = 0.95;

/** From where to where a correlation is taken for nothing, by what the ties of the two sides let it reach. */
export function marginOf([lowest, highest]: readonly [number, number]): { low: number; high: number } {
  const least = (reached: number): number => Math.min(NONE, NONE_OF_ATTAINABLE * Math.abs(reached));
  return { low: -least(lowest), high: least(highest) };
}

/** What a criterion is by its own correlation with the metric. Too small to matter comes first: of very many answers nothing is exactly 0. */
export function nameOf(
  partial: Estimate | null,
  margin: AlignmentCell['margin'],
): Exclude<CriterionName, 'redundant'> {
  if (!partial || !margin) return 'not known yet';
  if (partial.low >= margin.low && partial.high <= margin.high) return 'useless';
  if (partial.low > 0) return 'useful';
  return partial.high < 0 ? 'harmful' : 'not known yet';
}

/** How many times the variance of independent answers those that were seen have, from 1, and from where to where it may be. */
export interface Design {
  mean: number;
  low: number;
  high: number;
}

/**
 * By the median over the criteria of a metric: the largest of several errors that a pilot of twenty answers has is mostly chance, and asked for up to four times
 * too many. The range is that of a variance of so many tasks (χ²).
 *
 * @param errors of each criterion, on Fisher's scale, and the answers that it has more than columns were held constant.
 */
export function designOf(errors: readonly { error: number; freedom: number; tasks: number }[]): Design {
  const middle = (values: readonly number[]): number =>
    quantile(
      values.toSorted((x, y) => x - y),
      0.5,
    );
  const design = middle(errors.map(({ error, freedom }) => error ** 2 * Math.max(1, freedom)));
  const freedom = Math.max(1, smallest(errors.map(({ tasks }) => tasks)) - 1);
  const of = (z: number): number => Math.max(1, design / chiSquared(z, freedom));
  return { mean: Math.max(1, design), low: of(Z95), high: of(-Z95) };
}

/** The quantile of χ² over its freedom at a normal quantile (Wilson and Hilferty 1931). */
const chiSquared = (z: number, freedom: number): number => {
  const part = 2 / (9 * freedom);
  return Math.max(1e-3, 1 - part + z * Math.sqrt(part)) ** 3;
};

/**
 * Answers with which the name of a criterion would be known, whichever it is: with which a correlation of twice the margin is told from 0, and with
 * which one of 0 is shown to be within it. How much more than independent answers they have to be, what was seen says.
 *
 * @param claims how many correlations are claimed at once: so many answers have the reach of normal ones, and a small pilot a longer one.
 */
export function answersNeeded(
  margin: NonNullable<AlignmentCell['margin']>,
  { design, reach, claims }: { design: Design; reach: number; claims: number },
): NonNullable<AlignmentCell['answers_needed']> {
  const most = normalQuantile((1 + 0.95 ** (1 / Math.max(1, claims))) / 2);
  const least = Math.min(-margin.low, margin.high);
  const claim = (times: number) => ({ reach: Math.min(reach, most), chance: CHANCE, design: times });
  const useless = (times: number): number => itemsToShowNone(least, claim(times));
  return {
    useful: itemsToDetect(Math.min(0.99, 2 * least), claim(design.mean)),
    useless: useless(design.mean),
    useless_low: useless(design.low),
    useless_high: useless(design.high),
  };
}

/** What a criterion of a metric has been named by itself, and how far it goes with the metric. */
interface Named {
  criterion: string;
  name: CriterionName;
  /** Null where it is undefined. */
  partial: number | null;
}

/**
 * Which criteria say nothing beside others: that correlate with one above 0.9, or that several together explain as far (a variance inflation
 * factor of 10), the lower end of either. The criterion that goes best with the metric is kept, then the next, and each is held against those that
 * are kept; so of two that say the same one keeps its name. What is useless or harmful is that by itself.
 *
 * @param named in the order of the rubric, which decides between equals.
 * @param correlationOf two criteria.
 * @returns by criterion, with which.
 */
export function redundant(
  named: readonly Named[],
  items: readonly Item[],
  correlationOf: (first: string, second: string) => Estimate | null,
): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const kept: string[] = [];
  const open = named
    .filter(({ name }) => name === 'useful' || name === 'not known yet')
    .toSorted((a, b) => (b.partial ?? -1) - (a.partial ?? -1));
  for (const { criterion } of open) {
    const one = kept.find((other) => areOne(correlationOf(other, criterion)));
    const beside = one === undefined && kept.length > 1 && isExplained(criterion, kept, items) ? kept : [];
    const others = one === undefined ? beside : [one];
    if (others.length > 0) found.set(criterion, [...others]);
    else kept.push(criterion);
  }
  return found;
}

const areOne = (estimate: Estimate | null): boolean =>
  estimate !== null && (estimate.low > SAME || estimate.high < -SAME);

/** By the lower end of the multiple correlation, on Fisher's scale with the adjusted R² and a freedom less for each criterion. */
function isExplained(criterion: string, others: readonly string[], items: readonly Item[]): boolean {
  const complete = items.filter(({ scores }) => [criterion, ...others].every((name) => scores.has(name)));
  const freedom = byTask(complete).length - others.length - 3;
  const share = complete.length < 3 ? null : shareExplained(criterion, others, complete);
  if (share === null || freedom < 1) return false;
  const adjusted = 1 - ((1 - share) * (complete.length - 1)) / (complete.length - others.length - 1);
  const z = Math.atanh(Math.min(1 - 1e-12, Math.sqrt(Math.max(0, adjusted))));
  return Math.tanh(Math.max(0, z - normalQuantile(0.975) / Math.sqrt(freedom))) ** 2 > SAME;
}

const shareExplained = (
  criterion: string,
  others: readonly string[],
  items: readonly Item[],
): number | null =>
  explainedBy(
    scoresFor(criterion, items),
    others.map((name) => scoresFor(name, items)),
  );

/** Variance inflation factor, from 1, of a criterion beside the others; null where it never varies, or they give it exactly. */
export function inflationOf(
  criterion: string,
  others: readonly string[],
  items: readonly Item[],
): number | null {
  const complete = items.filter(({ scores }) => [criterion, ...others].every((name) => scores.has(name)));
  if (others.length === 0 || complete.length < others.length + 3) return null;
  const share = shareExplained(criterion, others, complete);
  return share === null || share > 1 - 1e-9 ? null : 1 / (1 - share);
}

/** Of all cells of a criterion one name: the worst news, then the best. */
export function overallName(names: readonly CriterionName[]): CriterionName {
  const first = (['harmful', 'useful', 'redundant'] as const).find((name) => names.includes(name));
  if (first !== undefined) return first;
  return names.length > 0 && names.every((name) => name === 'useless') ? 'useless' : 'not known yet';
}
