import type { CriterionVerdict } from '@touchstone/spec';
import { pointsScore, toScore } from '../score.js';
import type { TaskCriterion } from './read.js';

/** How far a criterion is met, 0–1, and why. */
export interface Met {
  value: number;
  evidence: string;
  reason: string;
}

/** What is said of each criterion of a task, in their order, as a verdict says it. */
export function combineMet(
  criteria: readonly TaskCriterion[],
  met: readonly Met[],
): { score: number; criteria: CriterionVerdict[] } {
  const verdicts = criteria.map((criterion, i): CriterionVerdict => {
    const { value, evidence, reason } = met[i]!;
    const { name, category } = criterion;
    return { criterion: name, category, evidence, reason, value, score: toScore(criterion, value) };
  });
  const parts = criteria.map((criterion, i) => ({ ...criterion, score: verdicts[i]!.score }));
  return { score: pointsScore(parts) ?? 0, criteria: verdicts };
}
