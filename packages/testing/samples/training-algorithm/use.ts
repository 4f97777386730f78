import assert from 'node:assert/strict';
import { train, trainingSchema } from '../index.js';
import { ruleReward, tinyPolicy, tinyTasks } from '../testing.js';

const training = trainingSchema.parse({
  algorithm: 'reinforce',
  steps: 2,
  prompts_per_step: 2,
  group_size: 4,
  learning_rate: 5e-3,
});
assert.equal((training as { baseline?: number }).baseline, 0.5);
const policy = tinyPolicy();
const before = policy.model.fingerprint();
for await (const { step, checkpoint } of train({
  policy,
  tasks: tinyTasks(2),
  reward: ruleReward(({ response }) => Number(/[a-z]/.test(response))),
  training,
  sampling: { temperature: 1, max_tokens: 8 },
  abstention: { policy: 'mask', limit: 0.5 },
  seed: 1,
})) {
  if (step === 2) assert.notEqual(checkpoint().policy.model.fingerprint(), before);
}
process.exit();
