import type { StepSummary } from '@touchstone/spec';

type Steps = readonly Pick<StepSummary, 'metrics'>[];

/**
 * What to say of a training that has learned nothing, or nothing of the judge; null of any other, or where nobody knows. Monitors take the mean of five steps,
 * so that a short training would end as one in which there was nothing to learn.
 */
export function nothingTaught(steps: Steps): string | null {
  if (steps.length === 0) return null;
  const every = (name: string, value: number): boolean =>
    steps.every(({ metrics }) => metrics[name] === value);
  const isStill = every('grad_norm', 0);
  const isEqual = every('zero_variance', 1);
  if (!isStill && !isEqual) return null;
  const hasMoved = steps.some(({ metrics }) => (metrics['grad_norm'] ?? 0) !== 0);
  return [
    hasMoved
      ? 'The judge has taught the training nothing: what has moved the weights are other terms, such as KL, entropy or length.'
      : 'The training has learned nothing.',
    isEqual
      ? `In every group of its ${steps.length} steps all answers that have a reward got the same one${meanReward(steps)}.`
      : `The gradient of each of its ${steps.length} steps was 0: no answers to one task were far enough apart for the algorithm.`,
    ...silence(steps),
    'A comparison with the base says nothing of the judge; see its replies, the checks before it and the tasks.',
  ].join(' ');
}

function meanReward(steps: Steps): string {
  const rewards = steps.flatMap(({ metrics }) => metrics['reward'] ?? []);
  if (rewards.length === 0) return '';
  return `, ${(rewards.reduce((a, b) => a + b, 0) / rewards.length).toFixed(3)} in the mean`;
}

function silence(steps: Steps): string[] {
  const abstained = steps.reduce((sum, { metrics }) => sum + (metrics['abstained'] ?? 0), 0);
  return abstained > 0 ? [`${abstained} answers have none: the judge gave no verdict.`] : [];
}
