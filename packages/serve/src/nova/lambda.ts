import type { RewardFunction } from '@touchstone/core';
import { scoreNovaEvent, type NovaOptions, type NovaResult } from './score.js';

/** What the handler uses of AWS Lambda's context. */
export interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

export type LambdaHandler = (event: unknown, context: LambdaContext) => Promise<NovaResult[]>;

/** Kept back of Lambda's time to write the answer, which takes a small function a while. */
const MARGIN_MS = 1000;

/**
 * An AWS Lambda handler for Amazon Nova reinforcement fine-tuning: list in, bare list out, as its pre-flight check wants
 * it. It answers before Lambda's time is over with what there is; unfinished samples count as abstained. A timeout would
 * cost the whole batch, and the third one the training job.
 *
 * @param scoreOf opens the reward function. It is called once and kept while the function stays warm; after a failure,
 *   which fails the invocation, it is called again.
 */
export function createLambdaHandler(
  scoreOf: () => Promise<RewardFunction>,
  options: Omit<NovaOptions, 'deadlineMs'> = {},
): LambdaHandler {
  let opened: Promise<RewardFunction> | undefined;
  return async (event, context) => {
    opened ??= scoreOf();
    let reward: RewardFunction;
    try {
      reward = await opened;
    } catch (error) {
      opened = undefined;
      throw error;
    }
    const deadlineMs = context.getRemainingTimeInMillis() - MARGIN_MS;
    return scoreNovaEvent(event, reward, { ...options, deadlineMs });
  };
}
