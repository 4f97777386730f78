import { smallest } from '@touchstone/spec';
/** Ways to make one score (0–1) of several. */
export type Combine = 'mean' | 'median' | 'majority' | 'worst' | 'mean-minus-spread';

/**
 * One score of the members' scores (at least one), 0–1.
 *
 * - `majority`: 1 when more than half pass, 0 when fewer do, ½ when exactly half do.
 * - `mean-minus-spread`: mean − `spreadWeight` · sample standard deviation (0 for a single score), at least 0: what
 *   members disagree on is worth less (a lower confidence bound on the score).
 */
export function combineScores(
  scores: readonly number[],
  { combine, pass, spreadWeight }: { combine: Combine; pass: number; spreadWeight: number },
): number {
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  switch (combine) {
    case 'mean':
      return clamp(mean);
    case 'median': {
      const sorted = scores.toSorted((a, b) => a - b);
      const middle = (sorted.length - 1) / 2;
      return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
    }
    case 'majority': {
      const yes = scores.filter((score) => score >= pass).length;
      return yes * 2 > scores.length ? 1 : yes * 2 < scores.length ? 0 : 0.5;
    }
    case 'worst':
      return smallest(scores);
    case 'mean-minus-spread':
      return clamp(mean - spreadWeight * deviation(scores, mean));
  }
}

function deviation(scores: readonly number[], mean: number): number {
  if (scores.length < 2) return 0;
  return Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / (scores.length - 1));
}

const clamp = (score: number): number => Math.min(1, Math.max(0, score));
