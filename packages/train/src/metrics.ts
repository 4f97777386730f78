import { hasZeroVariance } from './algorithms/parts/contrast.js';
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
