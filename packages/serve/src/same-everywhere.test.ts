import { createReplyCache, openReward, type RewardResources } from '@touchstone/core';
import fc from 'fast-check';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRewardServer } from './http/server.js';
import { createLambdaHandler } from './function/handler.js';
import type { NovaResult } from './function/nova/score.js';
import { scoreNovaEvent } from './function/nova/score.js';
import { parseRewardEvent } from './function/nova/event.js';
import type { RewardRecord } from './scoring/describe-outcome.js';
import { simulatedJudge, simulatedParts } from '@touchstone/testing';

const document = 'Payment is due in 30 days. The supplier may change prices at any time.';
const quiet = { report: () => {} };
const range = { min: -1, max: 1 };
/** One configuration, which also names a file that replies are kept in. */
const parts = simulatedParts({ cache: { sqlite: 'replies.db' } });
/** What there is everywhere, in AWS Lambda too. */
const bare: RewardResources = { baseDir: '/', localModel: () => Promise.resolve(simulatedJudge()) };
const server = createRewardServer({
  reward: (await openReward(parts, bare)).reward,
  novaRange: range,
  ...quiet,
});
let url: string;
beforeAll(async () => void (url = await server.listen({ host: '127.0.0.1', port: 0 })));
afterAll(() => server.close());

const item = fc.record(
  {
    quote: fc.constantFrom('due in 30 days', 'due in 31 days', ''),
    grade: fc.integer({ min: 0, max: 6 }),
    does: fc.constantFrom('grade', 'grade', 'grade', 'garble', 'fail'),
  },
  { requiredKeys: ['quote', 'grade'] },
);
const response = fc.oneof(
  { weight: 4, arbitrary: fc.array(item, { maxLength: 3 }).map((items) => JSON.stringify(items)) },
  { weight: 1, arbitrary: fc.string() },
  { weight: 1, arbitrary: fc.constant('x'.repeat(1001)) },
);
const answer = fc.oneof(
  response.map((content) => [{ role: 'assistant', content }]),
  response.map((text) => [{ role: 'nova_assistant', content: [{ type: 'text', text }] }]),
  fc.constant([]),
);
const sample = fc
  .record({
    id: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
    prompt: fc.constantFrom('a', 'b'),
    answer,
    more: fc.oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom({ document }, { metadata: { document, reference_answer: 'x' } }),
      },
      { weight: 1, arbitrary: fc.constantFrom({}, { metadata: 3 }) },
    ),
  })
  .map(({ id, prompt, answer, more }) => ({
    ...(id === undefined ? {} : { id }),
    messages: [{ role: 'user', content: prompt }, ...answer],
    ...more,
  }));

const question = { role: 'user', content: 'a' };
const right = { role: 'assistant', content: '[]' };
/** Rows as they come out of trainers and data sets now and then. Each costs itself at most. */
const odd = fc.constantFrom<unknown>(
  null,
  3,
  'NaN',
  [],
  {},
  { messages: [] },
  { messages: 'a' },
  { messages: [{ role: 'system', content: '' }, question, right], document },
  {
    messages: [{ role: 'developer', content: 'b' }, { role: 'system', content: 'c' }, question, right],
    document,
  },
  { messages: [question, { ...right, content: null, tool_calls: [{ id: 1 }] }, question, right], document },
  { messages: [question, { role: 'tool', content: '42', tool_call_id: 'x' }, question, right], document },
  { messages: [{ role: 'user', content: [{ type: 'image', image: 'x' }] }, right], document },
  { messages: [{ role: 'user', content: ['a', { type: 'image' }] }, right], document },
  { messages: [{ role: 'critic', content: 'a' }, right], document },
  { messages: [question, { role: 'assistant', content: [{ type: 'audio' }] }], document },
  { messages: [question, right], document, tools: [{ type: 'function' }], reference_answer: [] },
  { messages: [question, right], document, reference_answer: 7, metadata: { reference_answer: {} } },
  { messages: [question, right], document, metadata: ['x'] },
  {
    messages: [
      { role: 'user', content: 'half \ud83d' },
      { ...right, content: '\udc00' },
    ],
    document,
  },
  { prompt: [question, { ...right, content: '[' }], completion: ']', document, info: 'text' },
  { id: { a: 1 }, messages: [question, right], document: Infinity },
);

async function overHttp(path: string, body: unknown): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const reply = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  expect(reply.status).toBe(200);
  return reply.json();
}

it('Lambda handler, HTTP server and a run in this process give the same results for one configuration', async () => {
  const wire = { range, envelope: 'list', abstention: 'neutral' } as const;
  const handler = createLambdaHandler({ ...parts, keys: [], wire }, { ...bare, log: () => {} });
  // As a run opens it: with a store of its own in front of the file.
  const files: string[] = [];
  const { reward } = await openReward(parts, {
    ...bare,
    cache: createReplyCache(),
    openFileCache: (file) => (files.push(file), createReplyCache()),
    moduleUrl: (path) => Promise.resolve(path),
    countTokens: (text) => text.length,
  });
  expect(files).toEqual([resolve('/replies.db')]);
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ weight: 2, arbitrary: sample }, odd), { maxLength: 6 }),
      async (given) => {
        // As it is on the wire.
        const event = JSON.parse(JSON.stringify(given)) as { id?: string }[];
        const here = await scoreNovaEvent(event, reward, { range, ...quiet });
        const lambda = await handler(event, { getRemainingTimeInMillis: () => 60_000 });
        const http = (await overHttp('/', event)) as NovaResult[];
        expect(lambda).toEqual(here);
        expect(http).toEqual(here);

        expect(here).toHaveLength(event.length);
        here.forEach((result, i) => {
          const { id } = event[i] ?? {};
          if (typeof id === 'string') expect(result.id).toBe(id);
          expect(result.aggregate_reward_score).toBeGreaterThanOrEqual(-1);
          expect(result.aggregate_reward_score).toBeLessThanOrEqual(1);
        });

        // The native call and the reward function itself, for the samples that have an answer.
        const answered = parseRewardEvent(event).flatMap(({ rollout }, i) =>
          rollout ? [{ rollout, i }] : [],
        );
        const rollouts = answered.map(({ rollout: { task, response } }) => ({ task, response }));
        const { rewards } = (await overHttp('/v1/rewards', { rollouts })) as { rewards: RewardRecord[] };
        for (const [n, { rollout, i }] of answered.entries()) {
          const { status, score } = rewards[n]!;
          seen.add(status);
          expect(here[i]!.aggregate_reward_score).toBe(2 * (score ?? 0.5) - 1);
          if (status === 'failed') continue;
          const direct = await reward.score([{ ...rollout, id: '', finish: 'stop', group: '', policy: '' }]);
          expect(direct[0]).toMatchObject(status === 'scored' ? { status, score } : { status });
        }
      },
    ),
    { seed: 11, numRuns: 60 },
  );
  // The samples were of every kind, or agreeing would prove little.
  expect([...seen].sort()).toEqual(['abstained', 'failed', 'scored']);
});
