import type { Reward } from '@touchstone/spec';

/** The judge's own score of an answer: 0 where a gate ended it (a bad answer), null where the judge abstained or there is none. */
export function judgeScore(reward: Reward | null): number | null {
  if (!reward || reward.status === 'abstained') return null;
  if (reward.gatedBy !== undefined) return 0;
  return reward.components.find(({ kind }) => kind === 'judge')?.score ?? null;
}
