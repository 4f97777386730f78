import { NO_USAGE, type Rollout } from '@touchstone/spec';
import { describe, expect, it } from 'vitest';
import type { Judge, JudgedRollout } from '../judge/judge.js';
import { groupsOf } from './groups.js';
import { createReward } from './reward.js';
import { rewardSchema } from './schema.js';

const rollout = (id: string, group: string, response = id, prompt = 'q'): Rollout => ({
  id,
  task: { id: 't', messages: [{ role: 'user', content: prompt }], reference: null, metadata: {} },
  response,
  finish: 'stop',
  group,
  policy: 'p',
});

/** A judge that scores by rule and remembers the groups that it was shown. */
function ruleJudge(more: Partial<Judge> = {}): Judge & { seen: string[][] } {
  const seen: string[][] = [];
  return {
    id: 'rule',
    fingerprint: 'f',
    criteria: [],
    seen,
    compares: true,
    judge: (rollouts_G: readonly JudgedRollout[]) => {
      seen.push(rollouts_G.map(({ id }) => id));
      return Promise.resolve(
        rollouts_G.map(({ response }) => ({
          answer: { status: 'scored', score: response.length / 10 } as const,
          verdicts: [],
          usage: { ...NO_USAGE, calls: 1 },
          members: [
            {
              name: 'first',
              answer: { status: 'scored', score: 0.25 } as const,
              usage: { ...NO_USAGE, calls: 1 },
            },
            { name: 'second', answer: null, usage: NO_USAGE },
          ],
        })),
      );
    },
    ...more,
  };
}
const config = rewardSchema.parse({ checks: [{ type: 'length', max: 5, gate: true }] });
const scoreAll = (judge: Judge, rollouts: Rollout[], options: object = {}) =>
  createReward(config, judge, { baseDir: '.' }).score(rollouts, options);

describe('rollouts of one call', () => {
  const rollouts = [
    rollout('a', 'g'),
    rollout('b', 'h', 'bb'),
    rollout('c', 'g', 'ccc'),
    rollout('d', 'g', 'too long'),
    rollout('e', 'g', 'e', 'another question under the same id'),
    rollout('f', 'h', 'too long'),
  ];

  it('form a group with the same group and the same task', () => {
    expect(groupsOf(rollouts)).toEqual([[0, 2, 3], [1, 5], [4]]);
  });

  it('are shown to a judge that compares as groups, without those behind a gate, and told of one by one', async () => {
    const judge = ruleJudge();
    const told: number[] = [];
    const rewards = await scoreAll(judge, rollouts, {
      onDone: (_: unknown, index: number) => told.push(index),
    });
    expect(judge.seen.toSorted(([a], [b]) => (a! < b! ? -1 : 1))).toEqual([['a', 'c'], ['b'], ['e']]);
    expect(rewards.map((one) => one.status === 'scored' && one.score)).toEqual([0.1, 0.2, 0.3, 0, 0.1, 0]);
    expect(rewards.map((one) => one.status === 'scored' && one.gatedBy)).toEqual([
      undefined,
      undefined,
      undefined,
      'length',
      undefined,
      'length',
    ]);
    expect(told.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('are shown one by one to a judge that does not', async () => {
    const judge = ruleJudge({ compares: false });
    await scoreAll(judge, rollouts);
    expect(judge.seen).toEqual([['a'], ['b'], ['c'], ['e']]);
  });

  it('name what each member of the judge said and cost', async () => {
    const [reward] = await scoreAll(ruleJudge(), [rollout('a', 'g')]);
    expect(reward!.components.filter(({ kind }) => kind === 'member')).toMatchObject([
      { name: 'judge.first', kind: 'member', score: 0.25, weight: 0, usage: { ...NO_USAGE, calls: 1 } },
      { name: 'judge.second', kind: 'member', score: null, weight: 0, detail: 'not asked', usage: NO_USAGE },
    ]);
  });
});

describe('an aborted signal', () => {
  it('turns what is not judged into abstentions at once, and leaves what is', async () => {
    const controller = new AbortController();
    const judge = ruleJudge({
      compares: false,
      judge: (rollouts_G) =>
        rollouts_G[0]!.id === 'slow' ? new Promise(() => {}) : ruleJudge().judge(rollouts_G),
    });
    const rewards = scoreAll(judge, [rollout('a', 'g'), rollout('slow', 'g')], {
      signal: controller.signal,
      onDone: () => controller.abort(),
    });
    expect((await rewards).map((one) => (one.status === 'scored' ? one.score : one.reason))).toEqual([
      0.1,
      'timeout',
    ]);
  });

  it('that came before asks nobody; gates still hold', async () => {
    const judge = ruleJudge();
    const rewards = await scoreAll(judge, [rollout('a', 'g'), rollout('b', 'g', 'too long')], {
      signal: AbortSignal.abort(),
    });
    expect(judge.seen).toEqual([]);
    expect(rewards.map(({ status }) => status)).toEqual(['abstained', 'scored']);
  });

  it('lets a judge that heeds it hand in what it has', async () => {
    const controller = new AbortController();
    let isAsked = (): void => {};
    const asked = new Promise<void>((resolve) => (isAsked = resolve));
    const judge = ruleJudge({
      judge: (rollouts_G, { signal } = {}) =>
        new Promise((resolve) => {
          isAsked();
          signal!.addEventListener('abort', () => resolve(ruleJudge().judge(rollouts_G)));
        }),
    });
    const rewards = scoreAll(judge, [rollout('a', 'g')], { signal: controller.signal });
    await asked;
    controller.abort();
    expect(await rewards).toMatchObject([{ status: 'scored', score: 0.1 }]);
  });
});
