import type { StepSummary } from '@touchstone/spec';

/**
 * What to say of a training in which no group taught anything; null where one did, or where nobody knows. Monitors take the mean of five steps, so that a
 * short training would end as one in which there was nothing to learn.
 */
export function nothingTaught(steps: readonly Pick<StepSummary, 'metrics'>[]): string | null {
  if (steps.length === 0 || steps.some(({ metrics }) => metrics['zero_variance'] !== 1)) return null;
  const rewards = steps.flatMap(({ metrics }) => metrics['reward'] ?? []);
  const mean =
    rewards.length > 0 ? ` ${(rewards.reduce((a, b) => a + b, 0) / rewards.length).toFixed(3)} in the mean` : '';
  return (
    `The training has learned nothing: in every group of its ${steps.length} steps all answers got the same reward,${mean}. ` +
    'A comparison with the base says nothing of the judge; see its replies, the checks before it and the tasks.'
  );
}
