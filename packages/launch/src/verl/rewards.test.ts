import { appendFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Rollout } from '@touchstone/spec';
import { expect, it, vi } from 'vitest';
import { LOOPBACK, startRewards } from '../reward-server.js';
import { GivenAnswers } from './answers.js';
import { configOf, jobOf } from './job.testing.js';
import { verlReward } from './rewards.js';

const configWith = (abstention: object) =>
  configOf({}, { reward: { abstention: { policy: 'mask', limit: 0.5, ...abstention } } });
/** An answer as the shim sends it: the second is drawn first. */
const sent = (response: string, index: number, session: number, more: object = {}): Rollout => ({
  id: '0',
  task: {
    id: 'of the wire',
    messages: [],
    reference: null,
    metadata: { index, session, tokens: 8, last_token: 7, ...more },
  },
  response,
  finish: 'stop',
  group: 'g',
  policy: 'external',
});
const scoreOf = ({ response }: Rollout): number | null => (response === '?' ? null : response.length / 10);
const score = async (
  config: ReturnType<typeof configWith>,
  rollouts: Rollout[],
  answers = GivenAnswers.forgetful(),
) => {
  const stopped = vi.fn<(error: Error) => void>();
  const asked: Rollout[] = [];
  const job = jobOf(config, undefined, (rollout) => (asked.push(rollout), scoreOf(rollout)));
  const given = verlReward(job, answers, stopped).score(rollouts);
  const rewards = await Promise.race([
    given,
    new Promise((resolve) => setTimeout(() => resolve('no reply'), 50)),
  ]);
  return { rewards, asked, stopped };
};

it.each([
  ['mask', 0.3],
  ['group-mean', 0.3],
  ['neutral', 0.5],
])(
  'under %s a number stands in for an answer without a verdict, and it is written down',
  async (policy, standIn) => {
    const file = join(mkdtempSync(join(tmpdir(), 'touchstone-given-')), 'answers.jsonl');
    const answers = await GivenAnswers.open(file);
    const rollouts = [sent('?', 1, 1), sent('abc', 1, 0, { tokens: 5, last_token: 9 })];
    const { rewards, asked, stopped } = await score(configWith({ policy }), rollouts, answers);
    expect(rewards).toMatchObject([
      { status: 'scored', score: standIn },
      { status: 'scored', score: 0.3 },
    ]);
    expect(stopped).not.toHaveBeenCalled();
    // In the order of the group, about the run's own task, whatever came on the wire.
    expect(asked.map(({ task, response, finish }) => [task.id, response, finish])).toEqual([
      ['b', 'abc', 'stop'],
      ['b', '?', 'stop'],
    ]);
    appendFileSync(file, '{"index":1,"sess');
    const again = await GivenAnswers.open(file);
    expect(again.get(1, 1)).toMatchObject({ given: standIn, reason: 'timeout: late', tokens: 8 });
    expect(again.get(1, 0)).toMatchObject({ given: 0.3, reason: null, tokens: 5 });
    expect(readFileSync(file, 'utf8').endsWith('}\n')).toBe(true);
  },
);

it('each answer gets its own reward, in whatever order they are drawn', async () => {
  const job = jobOf(configWith({}), undefined, scoreOf);
  const answers = GivenAnswers.forgetful();
  const reward = verlReward(job, answers, () => {});
  const server = await startRewards({ reward }, LOOPBACK, { groupSize: 2, groupWaitMs: 60_000 });
  const ask = async (response: string, session: number): Promise<unknown> => {
    const { metadata } = sent(response, 1, session).task;
    const rollout = {
      task: { messages: [{ role: 'user', content: 'ask b' }], metadata },
      response,
      group: 'g',
    };
    const reply = await fetch(`${server.url}/v1/rewards`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ rollouts: [rollout] }),
    });
    return reply.json();
  };
  const [second, first] = await Promise.all([ask('abcdef', 1), ask('abc', 0)]);
  expect(second).toMatchObject({ rewards: [{ score: 0.6 }] });
  expect(first).toMatchObject({ rewards: [{ score: 0.3 }] });
  expect([answers.get(1, 0)!.given, answers.get(1, 1)!.given]).toEqual([0.3, 0.6]);
  await server.close();
});

it('an answer that was cut says so: as long as it may be, without a token that ends it', async () => {
  const rollouts = [sent('abc', 0, 0, { last_token: 9 }), sent('abc', 0, 1, { tokens: 0, last_token: null })];
  const { asked } = await score(configWith({}), rollouts);
  expect(asked.map(({ finish }) => finish)).toEqual(['length', 'stop']);
});

it('beyond the limit, and under fail, no reply is given and the job is to end', async () => {
  const two = [sent('?', 0, 0), sent('?', 0, 1)];
  const answers = GivenAnswers.forgetful();
  expect((await score(configWith({}), two, answers)).rewards).toMatchObject([{ score: 0.5 }, { score: 0.5 }]);
  const third = await score(configWith({}), [sent('?', 1, 0), sent('abc', 1, 1)], answers);
  expect(third.rewards).toBe('no reply');
  expect(String(third.stopped.mock.calls[0])).toMatch(
    /step 1: .* no verdict on 3 of 4 answers.*limit \(0\.5\)/,
  );
  // Of another step.
  const other = [sent('?', 2, 0), sent('abc', 2, 1)];
  expect((await score(configWith({}), other, answers)).stopped).not.toHaveBeenCalled();
  const failed = await score(configWith({ policy: 'fail' }), [sent('?', 0, 0), sent('abc', 0, 1)]);
  expect(failed.rewards).toBe('no reply');
  expect(String(failed.stopped.mock.calls[0])).toMatch(/policy is "fail"/);
});

it.each([
  ['a row that is none', sent('abc', 4, 0)],
  ['an answer that is none of its group', sent('abc', 0, 2)],
  ['no row', { ...sent('abc', 0, 0), task: { id: 'a', messages: [], reference: null, metadata: {} } }],
])('%s is refused', async (_, rollout) => {
  await expect(score(configWith({}), [rollout])).rejects.toThrow(/expected one of the 4 rows of this run/);
});

it.each([
  ['a part of a group', [sent('?', 1, 1)], /step 1, row 1: the answers 1 came together, expected 0 to 1/],
  ['one answer twice', [sent('abc', 1, 1), sent('abc', 1, 1)], /the answers 1, 1 came together/],
  ['two rows', [sent('abc', 1, 0), sent('abc', 0, 1)], /the answers 0, 1 came together/],
])(
  '%s is given nothing: what stands in would be of others, and the job is to end',
  async (_, part, expected) => {
    const answers = GivenAnswers.forgetful();
    const { rewards, asked, stopped } = await score(configWith({}), part, answers);
    expect(rewards).toBe('no reply');
    expect(asked).toEqual([]);
    expect(String(stopped.mock.calls[0])).toMatch(expected);
    expect(answers.get(1, 1)).toBeUndefined();
  },
);

it('an answer whose reply was lost is given the same number again, without its group, and nobody is asked', async () => {
  const answers = GivenAnswers.forgetful();
  await score(configWith({}), [sent('abcdef', 1, 0), sent('?', 1, 1)], answers);
  const { rewards, asked, stopped } = await score(configWith({}), [sent('?', 1, 1)], answers);
  expect(rewards).toMatchObject([{ status: 'scored', score: 0.6 }]);
  expect(asked).toEqual([]);
  expect(stopped).not.toHaveBeenCalled();
  expect(answers.get(1, 1)!.reason).toBe('timeout: late');
});

it('a failure of the reward itself is no reward of 0.5', async () => {
  const stopped = vi.fn<(error: Error) => void>();
  const job = jobOf(configWith({}), undefined, () => {
    throw new Error('disk full');
  });
  const given = verlReward(job, GivenAnswers.forgetful(), stopped).score([sent('a', 0, 0), sent('b', 0, 1)]);
  expect(await Promise.race([given, new Promise((resolve) => setTimeout(resolve, 50, 'no reply'))])).toBe(
    'no reply',
  );
  expect(String(stopped.mock.calls[0])).toMatch(/no reward could be given \(Error: disk full\)/);
});

it('a group of a step that was stopped is judged anew when it is asked about again', async () => {
  const answers = GivenAnswers.forgetful();
  const two = [sent('?', 0, 0), sent('?', 0, 1)];
  const strict = configWith({ limit: 0 });
  expect((await score(strict, two, answers)).rewards).toBe('no reply');
  const again = await score(strict, two, answers);
  expect([again.rewards, again.asked.length]).toEqual(['no reply', 2]);
});
