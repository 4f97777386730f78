import type { RegressionCase } from '@touchstone/core';

import type { JudgedCase } from '../validation/evidence.js';
import { type Opinion, ROUNDING } from '../validation/readings.js';

type CaseOutcome = 'held' | 'failed' | 'abstained';

/** What one repeat says of a case. */
interface CaseRepeat {
  outcome: CaseOutcome;
  /** The score (0–1) of each of the case's answers; null where the judge abstained. */
  scores: (number | null)[];
  /** Why it abstained, for people; empty where it did not. */
  detail: string;
}

/** What a judge makes of a case over all repeats. */
export interface CaseResult {
  case: RegressionCase;
  outcome: CaseOutcome;
  /** At least one. */
  repeats: CaseRepeat[];
}

/**
 * Does the judge say what is known of the case? By the majority of the repeats, because a single one may be chance: it
 * abstained where more than half of them did, it held where more of the others hold than fail.
 *
 * @returns null for a case that was not asked.
 */
function resultOf({ case: one, repeats }: JudgedCase): CaseResult | null {
  if (repeats.length === 0) return null;
  const said = repeats.map((opinions) => repeatOf(one, opinions));
  const count = (outcome: CaseOutcome): number => said.filter((repeat) => repeat.outcome === outcome).length;
  const outcome =
    count('abstained') > said.length / 2 ? 'abstained' : count('held') > count('failed') ? 'held' : 'failed';
  return { case: one, outcome, repeats: said };
}

export function resultsOf(cases: readonly JudgedCase[]): CaseResult[] {
  return cases.flatMap((one) => resultOf(one) ?? []);
}

function repeatOf(one: RegressionCase, opinions: readonly Opinion[]): CaseRepeat {
  const answers = opinions.map(({ answer }) => answer);
  const abstained = answers.find(({ status }) => status === 'abstained');
  const scores = answers.map((answer) => (answer.status === 'scored' ? answer.score : null));
  if (abstained?.status === 'abstained')
    return { outcome: 'abstained', scores, detail: `${abstained.reason}: ${abstained.detail}` };
  return { outcome: holds(one, scores as number[]) ? 'held' : 'failed', scores, detail: '' };
}

/** Whether scores of the case's answers (0–1) are what it expects. */
export function holds(
  { kind, min = 0, max = 1, tolerance = 0 }: RegressionCase,
  scores: readonly number[],
): boolean {
  const [first = 0, second = 0] = scores;
  if (kind === 'order') return first - second > ROUNDING;
  if (kind === 'invariance') return Math.abs(first - second) <= tolerance + ROUNDING;
  return first >= min - ROUNDING && first <= max + ROUNDING;
}

/** Whether the judge is unsure of the case: its repeats differ in whether it holds. */
export function isUnsteady({ repeats }: CaseResult): boolean {
  return new Set(repeats.map(({ outcome }) => outcome)).size > 1;
}

/** What the case expects, for people. */
export function expectationOf({ kind, min, max, tolerance }: RegressionCase): string {
  if (kind === 'order') return 'better above worse';
  if (kind === 'invariance') return `the same within ${tolerance}`;
  if (min === undefined) return `at most ${max}`;
  return max === undefined ? `at least ${min}` : `${min} to ${max}`;
}

/** What the judge said, for people: the scores of each repeat; once where all repeats say the same. */
export function sayingOf({ repeats }: CaseResult): string {
  const said = repeats.map(({ scores, detail }) =>
    detail === '' ? scores.map((score) => score!.toFixed(2)).join(' and ') : `abstained (${detail})`,
  );
  const [first] = said;
  return said.every((one) => one === first) ? first! : said.join('; ');
}
