import type { RewardFunction } from '@touchstone/core';
import { InputError, NO_USAGE, type Reward, type Rollout } from '@touchstone/spec';
import { describe, expect, it } from 'vitest';
import { scoreWithin } from './score-within.js';

const rollout = (id: string, group: string): Rollout => ({
  id,
  task: { id: group, messages: [{ role: 'user', content: group }], reference: null, metadata: {} },
  response: id,
  finish: 'stop',
  group,
  policy: 'external',
});
const scored = (score: number): Reward => {
  return { status: 'scored', score, components: [], verdicts: [], usage: NO_USAGE };
};
const summary = (outcomes: Awaited<ReturnType<typeof scoreWithin>>) =>
  outcomes.map((one) => (one.status === 'scored' ? one.score : one.status));

describe('scoreWithin', () => {
  it('scores each group in one call, and a sample that throws only for itself', async () => {
    const calls: string[] = [];
    const reward: RewardFunction = {
      score(rollouts) {
        calls.push(rollouts.map(({ id }) => id).join(''));
        if (rollouts.some(({ id }) => id === 'b')) throw new InputError([{ message: 'b is wrong' }]);
        return Promise.resolve(rollouts.map(() => scored(rollouts.length / 10)));
      },
    };
    const rollouts = [
      rollout('a', '1'),
      rollout('x', '2'),
      rollout('b', '1'),
      rollout('y', '2'),
      rollout('c', '1'),
    ];
    const outcomes = await scoreWithin(rollouts, reward);
    expect(summary(outcomes)).toEqual([0.1, 0.2, 'failed', 0.2, 0.1]);
    expect(outcomes[2]).toMatchObject({ detail: 'b is wrong' });
    expect(calls.toSorted()).toEqual(['a', 'abc', 'b', 'c', 'xy']);
  });

  it('answers with what there is when its signal aborts, and passes the signal on', async () => {
    const stop = new AbortController();
    const seen: AbortSignal[] = [];
    const reward: RewardFunction = {
      score: (_, options) =>
        new Promise(() => {
          seen.push(options!.signal!);
          options!.onDone!(scored(0.25), 1);
          stop.abort();
        }),
    };
    let done = 0;
    const rollouts = [rollout('a', '1'), rollout('b', '1')];
    const outcomes = await scoreWithin(rollouts, reward, Infinity, {
      signal: stop.signal,
      onDone: () => done++,
    });
    expect(summary(outcomes)).toEqual(['abstained', 0.25]);
    expect(seen.map(({ aborted }) => aborted)).toEqual([true]);
    expect(done).toBe(1);
  });
});
