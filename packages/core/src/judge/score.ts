import {
  largest,
  smallest,
  type AbstentionReason,
  type CriterionVerdict,
  type Verdict,
} from '@touchstone/spec';
import type { Criterion } from './criterion.js';

/** Lowest and highest value of a criterion's own scale: its outermost anchors, or 0 and 1. */
export function scaleRange(criterion: Criterion): { min: number; max: number } {
  if (criterion.scale === 'boolean') return { min: 0, max: 1 };
  const levels = Object.keys(criterion.anchors ?? {}).map(Number);
  return { min: smallest(levels), max: largest(levels) };
}

/** A value on the criterion's own scale as 0–1, (value − min) / (max − min); of a fault, 1 less that. */
export function toScore(criterion: Criterion, value: number): number {
  const { min, max } = scaleRange(criterion);
  const share = (value - min) / (max - min);
  return criterion.unwanted ? 1 - share : share;
}

/** Σ weight·value / Σ weight; the sum of the weights must be positive. */
export function weightedMean(parts: readonly { value: number; weight: number }[]): number {
  const weights = parts.reduce((sum, part) => sum + part.weight, 0);
  return parts.reduce((sum, part) => sum + part.weight * part.value, 0) / weights;
}

/**
 * What criteria with points come to, 0–1: the points of those that are met over the points above 0, and 0 at least (HealthBench,
 * Arora et al. 2025, §3). Where nothing is a fault that is the weighted mean.
 *
 * @param parts `score` is whether what was found is good, `weight` the points without their sign.
 * @returns null where none has points above 0.
 */
export function pointsScore(
  parts: readonly { score: number; weight: number; unwanted?: true }[],
): number | null {
  const possible = parts.reduce((sum, { weight, unwanted }) => sum + (unwanted ? 0 : weight), 0);
  if (possible === 0) return null;
  const gained = parts.reduce(
    (sum, { score, weight, unwanted }) => sum + weight * (unwanted ? score - 1 : score),
    0,
  );
  return Math.min(1, Math.max(0, gained / possible));
}

/** The score of one verdict, 0–1: the weighted mean of its criteria. `verdicts` has one entry per criterion. */
function verdictScore(criteria: readonly Criterion[], verdicts: readonly CriterionVerdict[]): number {
  return weightedMean(
    criteria.map(({ name, weight }) => ({
      value: verdicts.find((v) => v.criterion === name)?.score ?? 0,
      weight,
    })),
  );
}

/** Whether a value on the criterion's own scale fails its veto. */
function isVetoed(criterion: Criterion, value: number): boolean {
  if (criterion.veto === undefined) return false;
  return criterion.veto === true ? value <= scaleRange(criterion).min : value < criterion.veto;
}

/** The score of one verdict with its vetoes: 0 when one fails, the first in the rubric's order. */
export function scoreCriteria(
  criteria: readonly Criterion[],
  verdicts: readonly CriterionVerdict[],
): { score: number; vetoedBy?: string } {
  const vetoedBy = vetoOf(criteria, verdicts);
  return vetoedBy === undefined ? { score: verdictScore(criteria, verdicts) } : { score: 0, vetoedBy };
}

/** The first criterion whose veto failed. @param verdicts values on the criteria's own scales; those that are missing veto nothing. */
export function vetoOf(
  criteria: readonly Criterion[],
  verdicts: readonly Pick<CriterionVerdict, 'criterion' | 'value'>[],
): string | undefined {
  return criteria.find((criterion) => {
    const verdict = verdicts.find((one) => one.criterion === criterion.name);
    return verdict !== undefined && isVetoed(criterion, verdict.value);
  })?.name;
}

/** What an answer is worth to a judge. */
export type AnswerScore =
  { status: 'scored'; score: number } | { status: 'abstained'; reason: AbstentionReason; detail: string };

/** What an answer is worth that one verdict speaks of. */
export function answerOf(verdict: Verdict): AnswerScore {
  const { status } = verdict;
  return status === 'scored'
    ? { status, score: verdict.score }
    : { status, reason: verdict.reason, detail: verdict.detail };
}
