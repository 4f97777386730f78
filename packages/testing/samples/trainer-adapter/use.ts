import { NO_USAGE, type Reward } from '@touchstone/spec';
import assert from 'node:assert/strict';
import { createRewardServer, openApiDocument } from '../index.js';

const reward: Reward = { status: 'scored', score: 0.5, components: [], verdicts: [], usage: NO_USAGE };
const server = createRewardServer({
  reward: { score: (rollouts) => Promise.resolve(rollouts.map(() => reward)) },
  report: () => {},
});
const url = await server.listen({ host: '127.0.0.1', port: 0 });
const body = JSON.stringify({ question: 'When?', answer: 'In May.' });
const headers = { 'content-type': 'application/json' };
const reply = await fetch(`${url}/plain`, { method: 'POST', headers, body });
assert.equal(await reply.text(), '0.5');
assert.ok(JSON.stringify(openApiDocument()).includes('/plain'));
await server.close();
