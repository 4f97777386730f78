import {
  gradients,
  logProbabilities,
  scheduleFactor,
  type AdamW,
  type CausalLM,
  type TrainingSequence,
} from '@touchstone/engine';
import type { Algorithm } from './algorithms/algorithm.js';
import type { Checkpoint } from './checkpoint.js';
import { openOptimizer } from './optimizer.js';
import type { Policy } from './policy.js';
import type { TrainingOptions } from './schema.js';

/** Turns batches into new weights, in place: the policy it was given is the one that has learned. */
export class Learner {
  private readonly optimizer: AdamW;

  /**
   * @param policy the weights to change
   * @param reference what a loss with a `reference` column compares with; stays as it is
   * @param temperature the one that answers are sampled at, so that ratios start at 1
   */
  constructor(
    private readonly policy: Policy,
    private readonly reference: CausalLM,
    private readonly algorithm: Algorithm,
    private readonly training: TrainingOptions,
    private readonly temperature: number,
  ) {
    this.optimizer = openOptimizer(policy.model, training);
  }

  /**
   * Makes the updates of a step. An empty batch changes nothing.
   * @param step 1-based, for the learning rate
   * @returns figures of the last update: `loss`, `grad_norm` before clipping, and the metrics of the loss
   */
  async learn(batch: readonly TrainingSequence[], step: number): Promise<Record<string, number>> {
    const { updates_per_step, learning_rate, steps, warmup_steps } = this.training;
    if (batch.length === 0) return { loss: 0, grad_norm: 0 };
    const sequences = await withReference(this.reference, batch, this.algorithm, this.temperature);
    const factor = scheduleFactor(step - 1, { steps, warmup: warmup_steps, decay: 'constant' });
    let figures: Record<string, number> = {};
    // From the second update on, ratios differ from 1 and clipping bites.
    for (let i = 0; i < updates_per_step; i++) {
      const result = await gradients(this.policy.model, sequences, this.algorithm.loss, this.temperature);
      const grad_norm = await this.optimizer.update(result.gradients, learning_rate * factor);
      figures = { loss: result.loss, grad_norm, ...result.metrics };
    }
    return figures;
  }

  /** Everything that learning goes on from after `step`; shared with this learner, so write it before the next step. */
  checkpoint(step: number): Checkpoint {
    return { step, policy: this.policy, optimizer: this.optimizer.state() };
  }

  /** Goes on from a checkpoint whose weights are the policy's. */
  restore({ optimizer }: Checkpoint): void {
    this.optimizer.restore(optimizer);
  }
}

/**
 * The batch as the algorithm's loss wants it: with the log-probabilities under the policy that training starts from, where it
 * compares with them, and what it takes from other answers.
 */
export async function withReference(
  reference: CausalLM,
  batch: readonly TrainingSequence[],
  { loss, complete }: Algorithm,
  temperature: number,
): Promise<readonly TrainingSequence[]> {
  if (!loss.columns.includes('reference')) return complete?.(batch) ?? batch;
  const logprobs = await logProbabilities(reference, batch, temperature);
  const compared = batch.map((sequence, i) => ({
    ...sequence,
    columns: { ...sequence.columns, reference: logprobs[i]! },
  }));
  return complete?.(compared) ?? compared;
}
