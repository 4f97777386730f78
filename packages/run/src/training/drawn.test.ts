import { fileURLToPath } from 'node:url';
import type { RewardFunction } from '@touchstone/core';
import { NO_USAGE, type Reward, type Rollout, type Task } from '@touchstone/spec';
import { Policy } from '@touchstone/train';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { configSchema } from '../config/schema.js';
import type { DrawnStep } from './backend.js';
import { drawnRewards, type DrawnRewards } from './drawn.js';
import { tasksToTrain } from './step.js';

const POLICY = fileURLToPath(new URL('../../../../examples/quickstart/models/policy', import.meta.url));
const config = configSchema.parse({
  policy: { model: 'local:model' },
  data: { train: 't.jsonl', eval: 'e.jsonl' },
  judge: { kind: 'code', module: './judge.mjs' },
  training: { backend: 'trl', steps: 2, prompts_per_step: 2, group_size: 2 },
});
const task = (id: string): Task => ({
  id,
  messages: [{ role: 'user', content: `Say ${id}.` }],
  reference: `the reference of ${id}`,
  metadata: {},
  truth: 'never sent',
});

const train = ['a', 'b', 'c'].map(task);
const none = { components: [], verdicts: [], usage: NO_USAGE };

/** Scores by the length of the answer; of what begins with ! there is no verdict while the judge is down. */
let isDown = false;
const asked: Rollout[] = [];
const reward: RewardFunction = {
  score: (rollouts) => {
    asked.push(...rollouts);
    return Promise.resolve(
      rollouts.map(({ response }): Reward =>
        isDown && response.startsWith('!')
          ? { status: 'abstained', reason: 'transport', detail: 'down', ...none }
          : { status: 'scored', score: response.length / 10, ...none },
      ),
    );
  },
};

describe('rewards of answers that are drawn elsewhere', () => {
  let policy: Policy;
  let drawn: DrawnRewards;
  beforeAll(async () => void (policy = await Policy.load(POLICY)));
  beforeEach(() => {
    isDown = false;
    asked.splice(0);
    drawn = open();
  });
  const part = (tasks = train) => ({ config, data: { train: tasks } as never, policy, reward });
  const open = (tasks?: Task[]): DrawnRewards => drawnRewards(part(tasks));
  const sent = (of: Task, response: string, group = of.id): Rollout => ({
    id: '0',
    task: { ...of, reference: 'another', metadata: { more: 1 } },
    response,
    finish: 'stop',
    group,
    policy: 'external',
  });
  /** The first step, with these answers to each of its tasks. */
  const stepOf = (answers: [string, number | null][], more: Partial<DrawnStep> = {}): DrawnStep => ({
    step: 1,
    learned: { loss: 0 },
    loggedReward: null,
    seconds: 1,
    groups_P: tasksToTrain(part(), 1).map(({ id }) => ({
      task: id,
      answers_G: answers.map(([text, score]) => ({
        text,
        tokens: 2,
        finish: 'stop',
        score,
        reason: score === null ? 'transport: down' : '',
      })),
    })),
    ...more,
  });

  it('are those of the tasks of the run, whatever is sent beside the answer', async () => {
    expect(await drawn.reward.score([sent(train[0]!, 'four')])).toMatchObject([{ score: 0.4 }]);
    expect(asked[0]!.task).toBe(train[0]);
    await expect(drawn.reward.score([sent(task('z'), 'x')])).rejects.toThrow(
      /task z: this run does not train/,
    );
    const changed = { ...train[0]!, messages: [{ role: 'user' as const, content: 'Other.' }] };
    await expect(drawn.reward.score([sent(changed, 'x')])).rejects.toThrow(/with other messages/);
    expect(() => open([train[0]!, train[0]!])).toThrow(/two tasks have the id a/);
  });

  it('are given once, and found again for the step, under the names of an embedded run', async () => {
    const [first, second] = tasksToTrain(part(), 1);
    for (const one of [first!, second!]) await drawn.reward.score([sent(one, 'four'), sent(one, 'sixsix')]);
    const groups = await drawn.toGroups(
      stepOf(
        [
          ['four', 0.4],
          ['sixsix', 0.6],
        ],
        { loggedReward: 0.5 },
      ),
    );
    expect(asked).toHaveLength(4);
    expect(groups.map(({ scores_G }) => scores_G)).toEqual([
      [0.4, 0.6],
      [0.4, 0.6],
    ]);
    expect(groups[1]!.rollouts_G[1]!.rollout).toMatchObject({
      id: `rft@1/1/${second!.id}/1`,
      group: `rft@1/1/${second!.id}`,
      policy: 'rft@1',
      response: 'sixsix',
    });
    // Another process asks the judge, whose replies are kept.
    expect(
      await open().toGroups(
        stepOf([
          ['four', 0.4],
          ['sixsix', 0.6],
        ]),
      ),
    ).toEqual(groups);
    expect(asked).toHaveLength(8);
  });

  it('stay the abstentions that were trained on, though the judge is there again', async () => {
    const groups = await drawn.toGroups(
      stepOf(
        [
          ['!abc', null],
          ['four', 0.4],
        ],
        { loggedReward: 0.4 },
      ),
    );
    expect(groups[0]).toMatchObject({
      rewards_G: [{ status: 'abstained', reason: 'transport', detail: 'down' }, { score: 0.4 }],
      scores_G: [null, 0.4],
    });
    isDown = true;
    await expect(
      drawn.toGroups(
        stepOf([
          ['!abc', 0.4],
          ['four', 0.4],
        ]),
      ),
    ).rejects.toThrow(/was given the reward 0\.4, which cannot be had now \(transport: down\)/);
  });

  it.each<[string, Partial<DrawnStep>, RegExp]>([
    ['other tasks', { groups_P: [] }, /that it was about the tasks none; expected/],
    ['another step', { step: 2 }, /these are not the steps of this run/],
    [
      'another mean than it was given',
      { loggedReward: 0.41 },
      /logged a mean reward of 0\.41 .* has the mean 0\.5/,
    ],
  ])('refuse %s', async (_, more, expected) => {
    await expect(
      drawn.toGroups(
        stepOf(
          [
            ['four', 0.4],
            ['sixsix', 0.6],
          ],
          more,
        ),
      ),
    ).rejects.toThrow(expected);
  });

  it('refuse other rewards and other numbers of answers', async () => {
    await expect(
      drawn.toGroups(
        stepOf([
          ['four', 0.5],
          ['sixsix', 0.6],
        ]),
      ),
    ).rejects.toThrow(/step 1, rft@1\/0\/.*: the trainer was given the reward 0\.5, which is 0\.4 now/);
    await expect(drawn.toGroups(stepOf([['four', 0.4]]))).rejects.toThrow(/drew 1 answers .*; expected 2/);
  });
});
