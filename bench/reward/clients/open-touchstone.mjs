import {
  createDispatcher,
  createJudge,
  createReward,
  judgeSchema,
  openModel,
  rewardSchema,
} from '@touchstone/core';
import { CRITERIA, OBJECTIVE } from '../rubric.mjs';

/** Touchstone's reward function as a configuration file would make it. The one place of the benchmark that does. */
export async function openTouchstone({ model, seed, maxTokens, ...calls }) {
  const config = judgeSchema.parse({
    ...model,
    objective: OBJECTIVE,
    criteria: CRITERIA,
    inputs: { document: 'metadata.document' },
    max_tokens: maxTokens,
    ...callSettings(calls),
  });
  const dispatcher = createDispatcher({
    concurrency: config.concurrency,
    timeoutMs: config.timeout_seconds * 1000,
    attempts: config.attempts,
    seed,
  });
  const judge = createJudge(config, await openModel(config), dispatcher, { seed });
  return createReward(rewardSchema.parse({}), judge, { baseDir: process.cwd() });
}

/** The `judge` keys that say how its calls are made. */
function callSettings({ concurrency, timeoutSeconds, attempts }) {
  return { concurrency, timeout_seconds: timeoutSeconds, attempts };
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
