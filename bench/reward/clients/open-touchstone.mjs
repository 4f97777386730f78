import * as core from '@touchstone/core';
import { CRITERIA, OBJECTIVE } from '../rubric.mjs';

/**
 * Touchstone's reward function as a configuration makes it. The one place of the benchmark that does.
 *
 * @param {{
 *   model: object, seed: number, maxTokens: number, concurrency: number, timeoutSeconds: number, attempts: number,
 *   limits: { requestsPerMinute: number, tokensPerMinute: number } | null,
 * }} options `model`: the keys of `judge` that name the model; `limits`: what the provider's limits are declared as
 */
export async function openTouchstone({ model, seed, maxTokens, ...calls }) {
  const config = core.judgeSchema.parse({
    ...model,
    objective: OBJECTIVE,
    criteria: CRITERIA,
    inputs: { document: 'metadata.document' },
    max_tokens: maxTokens,
    ...callSettings(calls),
  });
  const parts = { seed, judge: config, reward: core.rewardSchema.parse({}) };
  const { reward } = await core.openReward(parts, { baseDir: process.cwd() });
  return reward;
}

/** The `judge` keys that say how its calls are made. */
function callSettings({ concurrency, timeoutSeconds, attempts, limits }) {
  return {
    concurrency,
    timeout_seconds: timeoutSeconds,
    attempts,
    ...(limits && {
      requests_per_minute: limits.requestsPerMinute,
      tokens_per_minute: limits.tokensPerMinute,
    }),
  };
}

/** A sample as the rollout that a trainer would send. */
export function toRollout({ id, document, response }) {
  return {
    id,
    task: {
      id,
      messages: [{ role: 'user', content: 'Review the contract. Write one finding.' }],
      reference: null,
      metadata: { document },
    },
    response,
    finish: 'stop',
    group: id,
    policy: 'bench',
  };
}
