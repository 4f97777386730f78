import type { RewardConfig, RewardFunction } from '@touchstone/core';
import type { TrainingSequence } from '@touchstone/engine';
import type { Task } from '@touchstone/spec';
import type { JudgeNoise } from './algorithms/algorithm.js';
import { openAlgorithm } from './algorithms/index.js';
import { Ahead } from './asynchronous/ahead.js';
import { correctForAge, uncorrected, type Corrected } from './asynchronous/importance.js';
import { scheduleOf } from './asynchronous/schedule.js';
import { ASYNCHRONOUS } from './asynchronous/settings.js';
import { makeBatch } from './batch.js';
import type { Checkpoint } from './checkpoint.js';
import { withContrast } from './contrast.js';
import { Learner } from './learner.js';
import { stepMetrics, type StepMetrics } from './metrics.js';
import type { Policy } from './policy.js';
import { restoreStep, sampleGroups, storedStep } from './sampler.js';
import type { SamplingOptions, TrainingOptions } from './schema.js';
import { scoreGroups, type ScoredGroup } from './scorer.js';

/** What is trained, on what, against what, and how. */
export interface TrainOptions {
  /** Where training starts from. It is left as it is, and is the reference that KL is measured to. */
  policy: Policy;
  tasks: readonly Task[];
  reward: RewardFunction;
  training: TrainingOptions;
  sampling: SamplingOptions;
  abstention: RewardConfig['abstention'];
  seed: number;
  /** What the judge's examination found, for settings that go by it. */
  noise?: JudgeNoise | null;
  /** Goes on after this step instead of starting. */
  from?: Checkpoint | null;
}

/** What one step did. */
export interface TrainingStep {
  /** 1-based. */
  step: number;
  groups: ScoredGroup[];
  metrics: StepMetrics;
  /** The weights after this step, and what going on from them needs. Good until the next step is asked for. */
  checkpoint(): Checkpoint;
}

/**
 * Reinforcement fine-tuning, a step at a time: ask for the next step, and it is made. Stopping and going on from a
 * checkpoint comes to the same weights, bit by bit, as not stopping.
 *
 * Drawing and learning take turns on the same cores. The judge works meanwhile on all that has been drawn: the step that is learned from
 * next, and with `off_policy_async` those that are drawn ahead of it.
 *
 * @example
 * for await (const { step, metrics, checkpoint } of train({ policy, tasks, reward, training, ... })) {
 *   console.log(step, metrics);
 *   if (step % 10 === 0) await saveCheckpoint(folder, checkpoint());
 * }
 *
 * @throws {RunError} when more than the declared share of a step's answers could not be judged.
 */
export async function* train(options: TrainOptions): AsyncGenerator<TrainingStep, void, undefined> {
  const { policy: reference, tasks, reward, training, sampling, abstention, seed, noise, from } = options;
  const algorithm = openAlgorithm(training, sampling, noise);
  const { tries = 0 } = algorithm;
  const policy = from?.policy ?? reference.clone();
  const learner = new Learner(policy, reference.model, algorithm, training, sampling.temperature);
  if (from) learner.restore(from);
  const ahead = new Ahead(
    scheduleOf(training),
    training.steps,
    {
      draw: (step) => sampleGroups(policy, tasks, step, training, sampling, seed),
      score: (rollouts_P_G, step, signal) => scoreGroups(reward, rollouts_P_G, abstention, step, signal),
    },
    from?.ahead?.map((stored) => restoreStep(policy, tasks, stored, training, seed)),
  );

  try {
    for (let step = (from?.step ?? 0) + 1; step <= training.steps; step++) {
      await ahead.draw(step - 1);
      const { groups: own, version } = await ahead.next();
      const { groups, redrawn } = await withContrast(own, policy, options, step, tries);
      const { batch, metrics: corrections } = await batchFor(
        makeBatch(groups, algorithm),
        step - 1 - version,
      );
      const learned = await learner.learn(batch, step);
      const metrics = stepMetrics(groups, {
        ...learned,
        ...corrections,
        ...(tries > 0 ? { redrawn } : {}),
      });
      const checkpoint = (): Checkpoint => ({
        ...learner.checkpoint(step),
        ahead: ahead.drawn().map(storedStep),
      });
      yield { step, groups, metrics, checkpoint };
    }
  } finally {
    await ahead.close();
  }

  /** @param age steps that the weights which drew it are behind */
  async function batchFor(batch: TrainingSequence[], age: number): Promise<Corrected> {
    if (training.type === 'synchronous') return { batch, metrics: {} };
    const { importance_cap: cap = ASYNCHRONOUS.importance_cap } = training;
    const corrected =
      age === 0
        ? uncorrected(batch)
        : await correctForAge(policy.model, batch, algorithm.loss, cap, sampling.temperature);
    return { ...corrected, metrics: { age, ...corrected.metrics } };
  }
}
