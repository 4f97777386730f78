import { clusteredMeanInterval, UNBOUNDED } from '@touchstone/lab';
import { RunError, type Reward, type StepSummary } from '@touchstone/spec';
import type { RolloutRecord } from '@touchstone/store';
import { train, type Policy, type ScoredGroup, type TrainingStep } from '@touchstone/train';
import type { Clock } from '../clock.js';
import type { Workspace } from '../workspace/workspace.js';
import { keepCheckpoint, newestCheckpoint } from './checkpoints.js';
import type { StageReporter } from './stage.js';
import { evaluationOf, REINFORCE } from './stages.js';

/**
 * The policy as training has left it.
 *
 * @throws {RunError} its last checkpoint does not hold, or run.db has not every step: what came out is not known then.
 */
export async function trainedPolicy(workspace: Workspace): Promise<Policy> {
  const { steps } = workspace.config.training;
  const newest = await newestCheckpoint(workspace);
  if (newest?.step === steps) return newest.policy;
  throw new RunError(
    `the checkpoint of step ${steps} is not there, or does not hold; the newest that does is of ` +
      `${newest ? `step ${newest.step}` : 'no step'}. Run the same command again.`,
  );
}

/** Whether training need not be taken up again: its result is there, or has been evaluated already. */
export const isTrained = async (workspace: Workspace): Promise<boolean> =>
  workspace.store.stage(evaluationOf('rft').name) !== undefined ||
  (await newestCheckpoint(workspace))?.step === workspace.config.training.steps;

/** Trains from the newest checkpoint, or from the start, to the last step. Every step is stored as it ends. */
export async function reinforce(workspace: Workspace, reporter: StageReporter, clock: Clock): Promise<null> {
  const { config, store, data, policy, reward } = workspace;
  const { training, seed } = config;
  const from = await newestCheckpoint(workspace, (text) => reporter.alarm(text));
  reporter.progress(from?.step ?? 0, training.steps);
  let begun = clock.seconds();
  for await (const result of train({
    policy,
    tasks: data.train,
    reward,
    training,
    sampling: config.policy,
    abstention: config.reward.abstention,
    seed,
    from,
  })) {
    const { step, groups, checkpoint } = result;
    const summary = summariseStep(result, clock.seconds() - begun);
    store.putRollouts(REINFORCE.name, step, groups.flatMap(rolloutRecords));
    store.putStep(REINFORCE.name, summary);
    if (step % training.checkpoint_every === 0 || step === training.steps) {
      await keepCheckpoint(workspace, checkpoint());
    }
    reporter.step(summary);
    reporter.progress(step, training.steps, `reward ${summary.metrics['reward']?.toFixed(3) ?? 'none'}`);
    // Storing is not training.
    begun = clock.seconds();
  }
  return null;
}

const rolloutRecords = ({ rollouts_G, rewards_G }: ScoredGroup): RolloutRecord[] =>
  rollouts_G.map(({ rollout, tokens }, i) => ({
    rollout,
    reward: rewards_G[i]!,
    heldout: null,
    truth: null,
    tokens: tokens.length,
  }));

function summariseStep({ step, groups, metrics }: TrainingStep, seconds: number): StepSummary {
  const scored = groups.flatMap(({ scores_G }, p) =>
    scores_G.flatMap((reward) => (reward === null ? [] : [{ reward, group: String(p) }])),
  );
  const interval = clusteredMeanInterval(
    scored.map(({ reward }) => reward),
    scored.map(({ group }) => group),
    UNBOUNDED,
  );
  return {
    step,
    metrics: { reward: interval?.mean ?? null, ...metrics },
    intervals: interval ? { reward: { low: interval.low, high: interval.high } } : {},
    components: meanComponents(groups.flatMap(({ rewards_G }) => rewards_G)),
    seconds,
  };
}

function meanComponents(rewards: readonly Reward[]): Record<string, number> {
  const sums = new Map<string, { sum: number; count: number }>();
  for (const { components } of rewards) {
    for (const { name, score } of components) {
      if (score === null) continue;
      const { sum, count } = sums.get(name) ?? { sum: 0, count: 0 };
      sums.set(name, { sum: sum + score, count: count + 1 });
    }
  }
  return Object.fromEntries([...sums].map(([name, { sum, count }]) => [name, sum / count]));
}
