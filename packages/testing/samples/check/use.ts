import assert from 'node:assert/strict';
import { checkSchema, createCheck, createReward, rewardSchema } from '../index.js';

const task = { id: 't', messages: [], reference: null, metadata: {} };
const check = createCheck(checkSchema.parse({ type: 'shouting' }), { baseDir: '.' });
assert.deepEqual(await check.evaluate({ task, response: 'Pay within 30 days.' }), { score: 1 });

const config = rewardSchema.parse({ checks: [{ type: 'shouting', weight: 1 }] });
const [reward] = await createReward(config, null, { baseDir: '.' }).score([
  { id: 'r', task, response: 'PAY NOW', finish: 'stop', group: 't', policy: 'p' },
]);
assert.equal(reward?.status === 'scored' && reward.score, 0);
