import { join } from 'node:path';
import { clusteredMeanInterval } from '@touchstone/lab';
import type { Reward, StepSummary } from '@touchstone/spec';
import {
  Grpo,
  latestCheckpoint,
  loadCheckpoint,
  Policy,
  pruneCheckpoints,
  saveCheckpoint,
  type GrpoStep,
} from '@touchstone/train';
import type { Clock } from '../clock.js';
import type { Workspace } from '../workspace/workspace.js';
import type { StageReporter } from './stage.js';
import { REINFORCE } from './stages.js';

/** The last checkpoint is the result; the one before it is there if the disk fails. */
const CHECKPOINTS_KEPT = 2;

const checkpointFolder = ({ folder }: Workspace): string => join(folder, 'checkpoints');

/** The policy as the newest checkpoint has it. */
export async function trainedPolicy(workspace: Workspace): Promise<Policy> {
  const latest = await latestCheckpoint(checkpointFolder(workspace));
  if (!latest) return workspace.policy;
  return withModel(workspace.policy, (await loadCheckpoint(latest.folder)).model);
}

const withModel = ({ tokenizer, folder }: Policy, model: Policy['model']): Policy =>
  new Policy(model, tokenizer, folder);

/** Trains from the newest checkpoint, or from the start, to the last step. Every step is stored as it ends. */
export async function reinforce(workspace: Workspace, reporter: StageReporter, clock: Clock): Promise<null> {
  const { config, store, data } = workspace;
  const { training } = config;
  const checkpoints = checkpointFolder(workspace);
  const latest = await latestCheckpoint(checkpoints);
  const resumed = latest && (await loadCheckpoint(latest.folder));
  const policy = resumed ? withModel(workspace.policy, resumed.model) : workspace.policy.clone();
  const grpo = new Grpo(
    policy,
    workspace.reward,
    {
      steps: training.steps,
      promptsPerStep: training.prompts_per_step,
      groupSize: training.group_size,
      learningRate: training.learning_rate,
      warmupSteps: training.warmup_steps,
      weightDecay: training.weight_decay,
      maxGradNorm: training.max_grad_norm,
      clipLow: training.clip_low,
      clipHigh: training.clip_high,
      scaleAdvantages: training.scale_advantages,
      klCoefficient: training.kl_coefficient,
      updatesPerStep: training.updates_per_step,
      temperature: config.policy.temperature,
      maxTokens: config.policy.max_tokens,
      seed: config.seed,
      abstention: config.reward.abstention,
    },
    training.kl_coefficient > 0 ? workspace.policy.model : null,
  );
  if (resumed) grpo.trainerState = resumed.state;

  const first = (resumed?.step ?? 0) + 1;
  reporter.progress(first - 1, training.steps);
  for (let step = first; step <= training.steps; step++) {
    const begun = clock.seconds();
    const result = await grpo.step(data.train, step);
    const summary = summariseStep(result, clock.seconds() - begun, config.seed);
    store.putRollouts(
      REINFORCE.name,
      step,
      result.rollouts.map(({ rollout, tokens }, i) => ({
        rollout,
        reward: result.rewards[i]!,
        heldout: null,
        truth: null,
        tokens: tokens.length,
      })),
    );
    store.putStep(REINFORCE.name, summary);
    if (step % training.checkpoint_every === 0 || step === training.steps) {
      await saveCheckpoint(checkpoints, step, policy, grpo.trainerState);
      await pruneCheckpoints(checkpoints, CHECKPOINTS_KEPT);
    }
    reporter.step(summary);
    reporter.progress(step, training.steps, `reward ${summary.metrics['reward']?.toFixed(3) ?? 'none'}`);
  }
  return null;
}

function summariseStep(result: GrpoStep, seconds: number, seed: number): StepSummary {
  const { rollouts, rewards, rewards_PG } = result;
  const scored = rewards_PG.flatMap((rewards_G, p) =>
    rewards_G.flatMap((reward) => (reward === null ? [] : [{ reward, group: String(p) }])),
  );
  const values = scored.map(({ reward }) => reward);
  const interval = clusteredMeanInterval(
    values,
    scored.map(({ group }) => group),
    seed,
  );
  return {
    step: result.step,
    metrics: {
      reward: interval?.mean ?? null,
      response_tokens: rollouts.reduce((sum, { tokens }) => sum + tokens.length, 0) / rollouts.length,
      zero_variance: result.zeroVarianceGroups / rewards_PG.length,
      abstained: result.abstained,
      kl: result.kl,
      clip_fraction: result.clipFraction,
      grad_norm: result.gradNorm,
      loss: result.loss,
    },
    intervals: interval ? { reward: { low: interval.low, high: interval.high } } : {},
    components: meanComponents(rewards),
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
