import { createAnswerReader } from '@touchstone/core';
import { meanInterval } from '@touchstone/lab';
import { RunError, type StepSummary } from '@touchstone/spec';
import { stopOnAbstentions, type Policy } from '@touchstone/train';
import type { Workspace } from '../workspace/workspace.js';
import { isDue, scoredCheckpoints, VALIDATION } from './best-checkpoint.js';
import { REINFORCE } from './stages.js';

/** The metric of a step whose checkpoint was scored. */
const VALIDATION_METRIC = 'validation_score';

/**
 * Scores a checkpoint: one answer to each validation task, by the held-out judge where there is one, else by the judge. All checkpoints draw with
 * the same random numbers, so that what differs between them is not the draw; an answer that one has given before costs nothing.
 *
 * @returns the step as it is stored, with its score; a checkpoint that has been scored is not scored again, and one that is not due never.
 * @throws {RunError} more answers than reward.abstention.limit allows could not be judged.
 */
export async function validateCheckpoint(
  workspace: Workspace,
  { policy, step }: { policy: Policy; step: number },
): Promise<StepSummary> {
  const { config, store, data, reward, heldout, truth } = workspace;
  const summary = store.steps(REINFORCE.name).find((one) => one.step === step);
  if (!summary) throw new RunError(`run.db has no step ${step} whose checkpoint could be scored`);
  if (data.validation.length === 0 || !isDue(workspace, step)) return summary;
  if (Object.hasOwn(summary.metrics, VALIDATION_METRIC)) return summary;
  const sampled = await policy.sample(data.validation, config.policy, {
    samples: 1,
    seed: config.seed,
    name: 'validation',
  });
  const rewards = await (heldout?.reward ?? reward).score(sampled.map(({ rollout }) => rollout));
  stopOnAbstentions(rewards, config.reward.abstention.limit, `validating step ${step}`);
  const readAnswer = createAnswerReader(config.reward);
  store.putRollouts(
    VALIDATION,
    step,
    sampled.map(({ rollout, tokens }, i) => ({
      rollout,
      reward: heldout ? null : rewards[i]!,
      heldout: heldout ? rewards[i]! : null,
      truth: truth && truth(rollout.task, readAnswer(rollout.response).text),
      tokens: tokens.length,
    })),
  );
  const scores = scoredCheckpoints(workspace).find((one) => one.step === step)?.scores ?? new Map();
  const interval = meanInterval([...scores.values()]);
  const scored: StepSummary = {
    ...summary,
    metrics: { ...summary.metrics, [VALIDATION_METRIC]: interval?.mean ?? null },
    intervals: {
      ...summary.intervals,
      ...(interval && { [VALIDATION_METRIC]: { low: interval.low, high: interval.high } }),
    },
  };
  store.putStep(REINFORCE.name, scored);
  return scored;
}
