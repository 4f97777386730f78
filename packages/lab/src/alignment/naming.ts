import type { AlignmentCell, CriterionName, Estimate } from '@touchstone/spec';

import { normalQuantile } from '../statistics/distributions.js';
import { itemsToDetect, itemsToShowNone } from '../statistics/items-needed.js';
import { explainedBy } from '../statistics/partial-correlation.js';
import type { CorrelationEstimate } from '../statistics/simultaneous-correlations.js';
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

/**
 * Answers with which the name of a criterion would be known, whichever it is: with which a correlation of twice the margin is told from 0, and with
 * which one of 0 is shown to be within it. How much more than independent answers they have to be, what was seen says.
 *
 * @param partial n is the number of tasks.
 */
export function answersNeeded(
  { error }: CorrelationEstimate,
  margin: NonNullable<AlignmentCell['margin']>,
  { answers, reach }: { answers: number; reach: number },
): { useful: number; useless: number } {
  const claim = { reach, chance: CHANCE, design: Math.max(1, error ** 2 * Math.max(1, answers - 3)) };
  const least = Math.min(-margin.low, margin.high);
  return {
    useful: itemsToDetect(Math.min(0.99, 2 * least), claim),
    useless: itemsToShowNone(least, claim),
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
