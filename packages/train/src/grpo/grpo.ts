import { applyAbstentionPolicy, type RewardFunction } from '@touchstone/core';
import {
  AdamW,
  ADAMW_DEFAULTS,
  gradients,
  logProbabilities,
  scheduleFactor,
  type LlamaModel,
  type TrainingSequence,
} from '@touchstone/engine';
import { random, RunError, type AbstentionPolicy, type Reward, type Task } from '@touchstone/spec';
import type { Policy, PolicyRollout } from '../policy.js';
import { groupAdvantages, hasZeroVariance } from './advantages.js';
import { grpoLoss } from './loss.js';

export interface GrpoOptions {
  steps: number;
  promptsPerStep: number;
  groupSize: number;
  learningRate: number;
  warmupSteps: number;
  weightDecay: number;
  maxGradNorm: number;
  clipLow: number;
  clipHigh: number;
  scaleAdvantages: boolean;
  klCoefficient: number;
  /** Optimiser updates on each step's rollouts; from the second on, ratios differ from 1 and clipping bites. */
  updatesPerStep: number;
  temperature: number;
  maxTokens: number;
  seed: number;
  abstention: { policy: AbstentionPolicy; limit: number };
}

/** What one step did. */
export interface GrpoStep {
  /** 1-based. */
  step: number;
  rollouts: PolicyRollout[];
  rewards: Reward[];
  /** Rewards after the abstention policy, group by group. */
  rewards_PG: (number | null)[][];
  loss: number;
  /** Mean k3 estimate per token; null without a reference policy. */
  kl: number | null;
  clipFraction: number;
  gradNorm: number;
  zeroVarianceGroups: number;
  abstained: number;
}

/** The tasks of a step: a seeded shuffle of all tasks, epoch after epoch. */
export function tasksOfStep(tasks: readonly Task[], step: number, perStep: number, seed: number): Task[] {
  const shuffled = new Map<number, Task[]>();
  return Array.from({ length: perStep }, (_, i) => {
    const n = (step - 1) * perStep + i;
    const epoch = Math.floor(n / tasks.length);
    if (!shuffled.has(epoch)) shuffled.set(epoch, random(seed, 'epoch', epoch).shuffle(tasks));
    return shuffled.get(epoch)![n % tasks.length]!;
  });
}

/** Group Relative Policy Optimisation: sample a group, score it, push each answer by how far it is above its group. */
export class Grpo {
  private readonly optimizer: AdamW;
  private readonly loss;

  /** @param reference the policy that KL is measured to; needed when `klCoefficient` is above 0 */
  constructor(
    readonly policy: Policy,
    private readonly reward: RewardFunction,
    private readonly options: GrpoOptions,
    private readonly reference: LlamaModel | null,
  ) {
    const { weightDecay, maxGradNorm } = options;
    this.optimizer = new AdamW(policy.model, { ...ADAMW_DEFAULTS, weightDecay, maxGradNorm });
    this.loss = grpoLoss(options);
  }

  get trainerState(): ReturnType<AdamW['state']> {
    return this.optimizer.state();
  }
  set trainerState(state: ReturnType<AdamW['state']>) {
    this.optimizer.restore(state);
  }

  /**
   * One step. Repeating it from the same weights and state gives the same rollouts and the same update.
   * @param step 1-based
   * @throws {RunError} when more than the declared share of rollouts could not be judged.
   */
  async step(
    tasks: readonly Task[],
    step: number,
    onJudged?: (done: number, total: number) => void,
  ): Promise<GrpoStep> {
    const { options, policy } = this;
    const { groupSize, promptsPerStep, seed } = options;
    const rollouts = await policy.sample(tasksOfStep(tasks, step, promptsPerStep, seed), {
      samples: groupSize,
      temperature: options.temperature,
      maxTokens: options.maxTokens,
      seed,
      name: `rft@${step}`,
    });
    let judged = 0;
    const rewards = await this.reward.score(
      rollouts.map(({ rollout }) => rollout),
      { onDone: () => onJudged?.(++judged, rollouts.length) },
    );
    const abstained = rewards.filter(({ status }) => status === 'abstained').length;
    this.checkAbstentions(rewards, abstained, step);

    const rewards_PG = Array.from({ length: promptsPerStep }, (_, p) =>
      applyAbstentionPolicy(rewards.slice(p * groupSize, (p + 1) * groupSize), options.abstention.policy),
    );
    const advantages = rewards_PG.flatMap((rewards_G) =>
      groupAdvantages(rewards_G, { scale: options.scaleAdvantages }),
    );
    const update = await this.update(rollouts, advantages, step);
    return {
      step,
      rollouts,
      rewards,
      rewards_PG,
      ...update,
      zeroVarianceGroups: rewards_PG.filter(hasZeroVariance).length,
      abstained,
    };
  }

  private async update(rollouts: PolicyRollout[], advantages: (number | null)[], step: number) {
    const { options, policy } = this;
    // Rollouts without an advantage carry no gradient; leaving them out of the sums changes only the work.
    const counted = rollouts.flatMap((rollout, i) =>
      advantages[i] === null ? [] : [{ ...rollout, advantage: advantages[i]! }],
    );
    const tokens = counted.reduce((sum, rollout) => sum + rollout.tokens.length, 0);
    const active = counted.filter(({ advantage }) => options.klCoefficient > 0 || Math.abs(advantage) > 1e-6);
    if (active.length === 0) return { loss: 0, kl: null, clipFraction: 0, gradNorm: 0 };

    const scored = active.map((rollout) => ({
      tokens: [...rollout.prompt, ...rollout.tokens],
      start: rollout.prompt.length,
    }));
    const reference = this.reference && (await logProbabilities(this.reference, scored, options.temperature));
    const sequences = scored.map((sequence, i): TrainingSequence => ({
      ...sequence,
      columns: {
        old: active[i]!.logprobs,
        advantage: active[i]!.advantage,
        weight: 1 / tokens,
        ...(reference ? { reference: reference[i]! } : {}),
      },
    }));
    const rate =
      options.learningRate *
      scheduleFactor(step - 1, { steps: options.steps, warmup: options.warmupSteps, decay: 'constant' });
    let result = { loss: 0, kl: null as number | null, clipFraction: 0, gradNorm: 0 };
    for (let i = 0; i < options.updatesPerStep; i++) {
      const {
        loss,
        metrics,
        gradients: gradient,
      } = await gradients(policy.model, sequences, this.loss, options.temperature);
      const gradNorm = await this.optimizer.update(gradient, rate);
      result = { loss, kl: metrics['kl'] ?? null, clipFraction: metrics['clip_fraction'] ?? 0, gradNorm };
    }
    return result;
  }

  private checkAbstentions(rewards: readonly Reward[], abstained: number, step: number): void {
    const share = abstained / rewards.length;
    if (share <= this.options.abstention.limit) return;
    const first = rewards.find((reward) => reward.status === 'abstained');
    throw new RunError(
      `step ${step}: the judge gave no verdict on ${abstained} of ${rewards.length} rollouts, ` +
        `more than reward.abstention.limit (${this.options.abstention.limit}) allows. ` +
        `First reason: ${first?.status === 'abstained' ? `${first.reason}: ${first.detail}` : 'unknown'}. ` +
        'Nothing is lost: mend it and run the same command again.',
    );
  }
}
