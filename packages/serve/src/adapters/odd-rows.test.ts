import type { RewardFunction } from '@touchstone/core';
import { NO_USAGE, type Rollout } from '@touchstone/spec';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createRewardServer } from '../http/server.js';

/* What trainers send now and then: no request of theirs may be lost to it. The reward is a rule: 1 for "good", else 0. */

const seen: Rollout[] = [];
const rule: RewardFunction = {
  score(rollouts) {
    seen.push(...rollouts);
    const parts = { components: [], verdicts: [], usage: NO_USAGE };
    return Promise.resolve(
      rollouts.map(({ response }) => ({ status: 'scored', score: Number(response === 'good'), ...parts })),
    );
  },
};
const server = createRewardServer({ reward: rule, abstention: 'group-mean', report: () => {} });
let url: string;
beforeAll(async () => void (url = await server.listen({ host: '127.0.0.1', port: 0 })));
beforeEach(() => void seen.splice(0));
afterAll(() => server.close());

async function post(path: string, body: unknown): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const reply = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  expect(reply.status).toBe(200);
  return reply.json();
}

const user = { role: 'user', content: 'q' };
const good = { messages: [user], response: 'good' };
/** null: it has no score. */
const scoreOf = async (row: unknown) => {
  const { rewards } = (await post('/v1/rewards', { rollouts: [good, row, good] })) as {
    rewards: { score: number | null; detail?: string }[];
  };
  expect([rewards[0]!.score, rewards[2]!.score]).toEqual([1, 1]);
  if (rewards[1]!.score === null) expect(rewards[1]!.detail).toMatch(/expected|nested|allowed/);
  return rewards[1]!.score;
};

describe('one odd row of the native wire', () => {
  const call = {
    role: 'assistant',
    content: null,
    tool_calls: [{ function: { name: 'f', arguments: '{}' } }],
  };
  it.each<[string, object]>([
    ['an empty reference list', { ...good, reference_answer: [] }],
    ['a reference of a number', { ...good, reference: 0 }],
    ['a reference of nothing, twice', { ...good, reference_answer: {}, metadata: { reference_answer: '' } }],
    ['columns that have a meaning elsewhere', { ...good, tools: [{ name: 'f' }], info: 'x', task: 'y' }],
    ['a prompt as text', { prompt: 'q', answer: 'gold', info: 'x', response: 'good' }],
    ['turns of tools', { messages: [user, call, { role: 'tool', content: '42' }], response: 'good' }],
    [
      'more turns of the system',
      {
        messages: [{ role: 'Developer', content: 'a' }, user, { role: 'system', content: 'b' }],
        response: 'good',
      },
    ],
    ['a blank turn of the system', { messages: [{ role: 'system', content: '' }, user], response: 'good' }],
    [
      'an image beside text',
      { messages: [{ role: 'user', content: [{ type: 'image_url' }, 'q'] }], response: 'good' },
    ],
    ['other keys of a turn', { messages: [{ ...user, name: 'n', weight: 1 }], response: 'good' }],
    [
      'an answer in parts',
      {
        messages: [user],
        response: [
          { type: 'text', text: 'go' },
          { type: 'text', text: 'od' },
        ],
      },
    ],
    ['an answer as turns', { messages: [user], response: [{ role: 'assistant', content: 'good' }] }],
    ['an id of a number', { ...good, id: 7 }],
    ['an id of an object', { ...good, id: {} }],
  ])('%s is read', async (_, row) => {
    expect(await scoreOf(row)).toBe(1);
    expect(seen[1]!.task.messages.findLast(({ role }) => role === 'user')!.content).toMatch(/q$/);
  });

  it.each<[string, unknown]>([
    ['no object', 'NaN'],
    ['nothing at all', null],
    ['no turns', { ...good, messages: [] }],
    ['no turn of the user', { ...good, messages: [{ role: 'system', content: 'a' }] }],
    ['an image alone', { ...good, messages: [user, { role: 'user', content: [{ type: 'image_url' }] }] }],
    ['a role that nobody has', { ...good, messages: [user, { role: 'critic', content: 'a' }] }],
    ['no answer', { messages: [user], response: null }],
    ['an answer that is no text', { messages: [user], response: [{ type: 'audio' }] }],
    ['metadata of text', { ...good, metadata: 'x' }],
    ['a group of a list', { ...good, group: [] }],
    ['a thousand bad turns', { ...good, messages: Array.from({ length: 1000 }, () => ({ role: 'x' })) }],
  ])('%s costs that row, and says why', async (_, row) => {
    expect(await scoreOf(row)).toBeNull();
    expect(seen).toHaveLength(2);
  });
});

describe('a prompt that ends in the beginning of the answer', () => {
  it.each([
    ['<think>\n', '1+1\n</think>\n\ngood'],
    ['go', 'od'],
  ])('%j belongs to the answer on every wire', async (begun, rest) => {
    const rendered = `<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n${begun}`;
    const messages = [user, { role: 'assistant', content: begun }];
    await post('/v1/rewards', {
      rollouts: [
        { messages, response: rest },
        { messages, response: begun + rest },
      ],
    });
    await post('/openrlhf', { query: [`${rendered}${rest}<|im_end|>`], prompts: [rendered] });
    await post('/slime', { prompt: rendered, response: rest, label: null });
    await post('/slime', { prompt: messages, response: `${rest}<|im_end|>` });
    await post('/verify', {
      responses_create_params: { input: messages },
      response: { output: [{ type: 'message', content: [{ type: 'output_text', text: rest }] }] },
    });
    await post('/', [{ prompt: messages, completion: rest }]);
    expect(seen.map(({ response, task }) => [response, task.messages])).toEqual(
      Array.from({ length: 7 }, () => [begun + rest, [user]]),
    );
  });
});

it('one odd sample of many costs itself where the wire takes lists, and gets what stands in', async () => {
  const prompt = '<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n';
  const [a, b] = [`${prompt}good<|im_end|>`, `${prompt}bad<|im_end|>`];
  // Its prompt can be read: it is of the group.
  expect(
    await post('/openrlhf', {
      query: [a, b, 'cut', null],
      prompts: [prompt, prompt, prompt, null],
      labels: ['', null, [], {}],
    }),
  ).toMatchObject({
    rewards: [1, 0, expect.any(Number), 0.5],
    extra_logs: { judge_ok: [1, 1, 0, 0], invalid_sample: [0, 0, 1, 1] },
  });
  expect(await post('/openrlhf', { query: [a, b, 'cut'], prompts: [prompt, prompt, prompt] })).toMatchObject({
    rewards: [1, 0, 0.5],
  });
  const nova = await post('/', [
    { messages: [user, { role: 'assistant', content: 'good' }] },
    3,
    { messages: 'x' },
  ]);
  expect((nova as { aggregate_reward_score: number }[]).map((one) => one.aggregate_reward_score)).toEqual([
    1, 0.5, 0.5,
  ]);
});

it('one odd sample is told as one that was not judged where the wire takes one', async () => {
  const odd = [{ role: 'user', content: [{ type: 'image' }] }];
  expect(await post('/slime', { prompt: odd, response: 'good' })).toBe(0.5);
  expect(await post('/slime/object', { prompt: [], response: 'good' })).toMatchObject({
    judge_ok: 0,
    reason: 'invalid',
  });
  expect(await post('/verify', { responses_create_params: {}, response: { output: [] } })).toMatchObject({
    mask_sample: true,
    failure_kind: 'verifier_error',
  });
  for (const path of ['/reward', '/evaluate']) {
    expect(
      await post(path, { messages: [...odd, { role: 'assistant', content: 'good' }], ground_truth: [] }),
    ).toMatchObject({ is_score_valid: false });
  }
  expect(await post('/cloud-run', { example: { contents: 3 }, response: {} })).toMatchObject({ reward: 0.5 });
  expect(seen).toEqual([]);
});
