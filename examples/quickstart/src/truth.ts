import type { JsonValue, Task } from '@touchstone/spec';
import type { PlantedIssue } from './contracts.js';
import {
  concreteAction,
  factualComment,
  VAGUE_ACTIONS,
  VAGUE_COMMENTS,
  type ReviewComment,
} from './reviews.js';

/** The three criteria of the article's contract-review judge, in its order. */
export const CRITERIA = ['TargetDocument_Grounding', 'Reference_Consistency', 'Actionability'] as const;
export type Criterion = (typeof CRITERIA)[number];
/** Values on the graded scale that the generator's rules use. */
export type Grade = 1 | 3 | 5;

/** Where an excerpt comes from. */
export function excerptSource(
  issue: PlantedIssue,
  excerpt: string,
): 'target' | 'other' | 'reference' | 'nowhere' {
  if (excerpt !== '' && issue.clauses[issue.target]!.includes(excerpt) && excerpt.split(' ').length > 3)
    return 'target';
  if (excerpt.split(' ').length > 3 && issue.clauses.some((clause) => clause.includes(excerpt)))
    return 'other';
  return excerpt.split(' ').length > 3 && issue.guideline.includes(excerpt) ? 'reference' : 'nowhere';
}

/** Whether the comment states the right facts, none, or wrong ones. */
export function commentFacts(
  issue: PlantedIssue,
  { comment_type, comment }: ReviewComment,
): 'right' | 'none' | 'wrong' {
  if (comment_type !== (issue.breach ? 'risk' : 'compliant')) return 'wrong';
  if (comment === factualComment(issue)) return 'right';
  return VAGUE_COMMENTS.includes(comment) ? 'none' : 'wrong';
}

export function actionKind(issue: PlantedIssue, action: string): 'right' | 'vague' | 'wrong' {
  if (action === concreteAction(issue, issue.breach)) return 'right';
  return VAGUE_ACTIONS.includes(action) ? 'vague' : 'wrong';
}

/** What the planted issue says of a comment, by rule. */
export function gradeComment(issue: PlantedIssue, comment: ReviewComment): Record<Criterion, Grade> {
  return {
    TargetDocument_Grounding: ({ target: 5, other: 3, reference: 1, nowhere: 1 } as const)[
      excerptSource(issue, comment.text_excerpt)
    ],
    Reference_Consistency: ({ right: 5, none: 3, wrong: 1 } as const)[commentFacts(issue, comment)],
    Actionability: ({ right: 5, vague: 3, wrong: 1 } as const)[actionKind(issue, comment.action)],
  };
}

const isComment = (value: unknown): value is ReviewComment =>
  typeof value === 'object' &&
  value !== null &&
  ['comment_id', 'text_excerpt', 'comment_type', 'comment', 'action'].every(
    (key) => typeof (value as Record<string, unknown>)[key] === 'string',
  );

/** The comments of an answer, or null when it is not a JSON list of comments. */
export function parseReview(response: string): ReviewComment[] | null {
  try {
    const parsed: unknown = JSON.parse(response);
    return Array.isArray(parsed) && parsed.length > 0 && parsed.every(isComment) ? parsed : null;
  } catch {
    return null;
  }
}

/** Truth score of an answer, 0–1: mean of the grades over criteria and comments; 0 when it is not a review. */
export function truthScore(task: { truth?: JsonValue }, response: string): number {
  const comments = parseReview(response);
  if (!comments) return 0;
  const issue = task.truth as unknown as PlantedIssue;
  const scores = comments.flatMap((comment) =>
    Object.values(gradeComment(issue, comment)).map((grade) => (grade - 1) / 4),
  );
  return scores.reduce((a, b) => a + b, 0) / scores.length;
}

/** The hook that `evaluation.truth` names. */
export default (task: Task, response: string): number => truthScore(task, response);
