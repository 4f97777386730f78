/**
 * A score of at least this passes. The middle of 0–1 is where a Boolean criterion splits, is the middle anchor of a
 * 1–5 scale, and is what an answer gets that meets half of its criteria.
 */
const PASS_SCORE = 0.5;

/** Pass or fail, from a score of 0–1: of a criterion, of an answer, or against ground truth. */
export function passes(score: number): boolean {
  return score >= PASS_SCORE;
}
