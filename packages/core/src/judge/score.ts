import type { AbstentionReason, CriterionVerdict, Verdict } from '@touchstone/spec';
import type { Criterion } from './schema.js';

/** Lowest and highest value of a criterion's own scale: its outermost anchors, or 0 and 1. */
export function scaleRange(criterion: Criterion): { min: number; max: number } {
  if (criterion.scale === 'boolean') return { min: 0, max: 1 };
  const levels = Object.keys(criterion.anchors ?? {}).map(Number);
  return { min: Math.min(...levels), max: Math.max(...levels) };
}

/** A value on the criterion's own scale as 0–1: (value − min) / (max − min). */
export function toScore(criterion: Criterion, value: number): number {
  const { min, max } = scaleRange(criterion);
  return (value - min) / (max - min);
}

/** Σ weight·value / Σ weight; the sum of the weights must be positive. */
export function weightedMean(parts: readonly { value: number; weight: number }[]): number {
  const weights = parts.reduce((sum, part) => sum + part.weight, 0);
  return parts.reduce((sum, part) => sum + part.weight * part.value, 0) / weights;
}

/** The score of one verdict, 0–1: the weighted mean of its criteria. `verdicts` has one entry per criterion. */
export function verdictScore(criteria: readonly Criterion[], verdicts: readonly CriterionVerdict[]): number {
  return weightedMean(
    criteria.map(({ name, weight }) => ({
      value: verdicts.find((v) => v.criterion === name)?.score ?? 0,
      weight,
    })),
  );
}

/** What an answer is worth to a judge. */
export type AnswerScore =
  { status: 'scored'; score: number } | { status: 'abstained'; reason: AbstentionReason; detail: string };

/**
 * The score of an answer from its verdicts, 0–1: their mean. No verdicts means there was nothing to judge, which
 * is a bad answer and scores 0. One abstention makes the whole answer abstain: a mean over the items that happened
 * to be judged would favour the ones the judge could not read.
 */
export function answerScore(verdicts: readonly Verdict[]): AnswerScore {
  if (verdicts.length === 0) return { status: 'scored', score: 0 };
  let sum = 0;
  for (const verdict of verdicts) {
    if (verdict.status === 'abstained')
      return { status: 'abstained', reason: verdict.reason, detail: verdict.detail };
    sum += verdict.score;
  }
  return { status: 'scored', score: sum / verdicts.length };
}
