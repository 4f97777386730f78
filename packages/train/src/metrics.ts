import { largest, smallest } from '@touchstone/spec';
import type { ScoredGroup } from './scorer.js';

/** Of a scored group, what its figures need: another trainer says no more of its answers than how long they are. */
export type MeasuredGroup = Pick<ScoredGroup, 'rewards_G' | 'scores_G'> & {
  rollouts_G: readonly { tokens: { length: number } }[];
};

/** Figures of a training step by name; null or absent where there is nothing to measure. */
export type StepMetrics = Record<string, number | null>;

/** Figures of a step: what the learner reports, and what its groups say. */
export function stepMetrics(groups: readonly MeasuredGroup[], learned: StepMetrics): StepMetrics {
  const rollouts = groups.flatMap(({ rollouts_G }) => rollouts_G);
  const rewards = groups.flatMap(({ rewards_G }) => rewards_G);
  return {
    ...learned,
    response_tokens: rollouts.reduce((sum, { tokens }) => sum + tokens.length, 0) / rollouts.length,
    zero_variance: groups.filter(({ scores_G }) => hasZeroVariance(scores_G)).length / groups.length,
    abstained: rewards.filter(({ status }) => status === 'abstained').length,
    control_tokens: rewards.filter(({ controlTokens }) => controlTokens !== undefined).length,
  };
}

/** Judges return fractions: differences below this are rounding, not preference. */
const TIE = 1e-6;

/** Whether all rewards that are present are equal: such a group has no gradient. */
export function hasZeroVariance(rewards_G: readonly (number | null)[]): boolean {
  const present = rewards_G.filter((reward) => reward !== null);
  return present.length === 0 || largest(present) - smallest(present) < TIE;
}
