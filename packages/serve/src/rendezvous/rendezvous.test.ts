import type { RewardFunction } from '@touchstone/core';
import { NO_USAGE, type Rollout } from '@touchstone/spec';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Outcome } from '../scoring/outcome.js';
import { Rendezvous, type Joining } from './rendezvous.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Ranks a group by the first letter of the answers: 1 for the last in the alphabet. The judge is a rule. */
function ranking(calls: string[][], hold?: Promise<void>): RewardFunction {
  return {
    async score(rollouts, options) {
      calls.push(rollouts.map(({ response }) => response));
      expect(new Set(rollouts.map(({ group }) => group)).size).toBe(1);
      await hold;
      if (options?.signal?.aborted) calls.push(['stopped']);
      const sorted = rollouts.map(({ response }) => response).toSorted();
      return rollouts.map(({ response }) => ({
        status: 'scored',
        score: sorted.indexOf(response) / Math.max(1, rollouts.length - 1),
        components: [],
        verdicts: [],
        usage: NO_USAGE,
      }));
    },
  };
}

const answer = (response: string): Rollout => ({
  id: response,
  task: { id: 't', messages: [], reference: null, metadata: {} },
  response,
  finish: 'stop',
  group: 'g',
  policy: 'external',
});
const joining = (more: Partial<Joining> = {}): Joining => {
  return { key: 'g', size: 4, waitMs: 1000, signal: new AbortController().signal, ...more };
};
const brief = (outcome: Outcome) => {
  const { size, expected, late } = outcome.gathered ?? {};
  return [outcome.status === 'scored' ? outcome.score : outcome.status, size, expected, late];
};

describe('a rendezvous', () => {
  it('judges the answers of a group together when the last has come, however groups are mixed', async () => {
    const calls: string[][] = [];
    const meet = new Rendezvous({ reward: ranking(calls) });
    const waits = ['a', 'c', 'b', 'd'].flatMap((letter) =>
      ['1', '2', '3'].map((key) => meet.score(answer(letter), joining({ key, waitMs: 1e6 }))),
    );
    const outcomes = await Promise.all(waits);
    expect(calls).toEqual(Array.from({ length: 3 }, () => ['a', 'c', 'b', 'd']));
    expect(outcomes.slice(0, 3).map(brief)).toEqual(Array.from({ length: 3 }, () => [0, 4, 4, false]));
    expect(outcomes.at(-1)!.gathered!.mean).toBeCloseTo(0.5, 12);
    expect([meet.waiting, meet.judged]).toEqual([0, { whole: 3, short: 0, late: 0 }]);
  });

  it('goes on with who is there, judges the late ones together and says so, then begins anew', async () => {
    const calls: string[][] = [];
    const meet = new Rendezvous({ reward: ranking(calls) });
    const early = [meet.score(answer('a'), joining()), meet.score(answer('b'), joining({ waitMs: 5000 }))];
    await vi.advanceTimersByTimeAsync(1000);
    expect((await Promise.all(early)).map(brief)).toEqual([
      [0, 2, 4, false],
      [1, 2, 4, false],
    ]);
    const late = [meet.score(answer('d'), joining()), meet.score(answer('c'), joining())];
    expect((await Promise.all(late)).map(brief)).toEqual([
      [1, 2, 2, true],
      [0, 2, 2, true],
    ]);
    const next = ['e', 'f', 'g', 'h'].map((letter) => meet.score(answer(letter), joining()));
    expect((await Promise.all(next)).map(brief)[3]).toEqual([1, 4, 4, false]);
    expect(calls.map((call) => call.join(''))).toEqual(['ab', 'dc', 'efgh']);
    expect(meet.judged).toEqual({ whole: 1, short: 1, late: 1 });
  });

  it('forgets what was missing after a while: a lost answer does not shift the groups of later steps', async () => {
    const calls: string[][] = [];
    const meet = new Rendezvous({ reward: ranking(calls) });
    void meet.score(answer('a'), joining());
    await vi.advanceTimersByTimeAsync(60_000);
    const next = ['e', 'f', 'g', 'h'].map((letter) => meet.score(answer(letter), joining()));
    await Promise.all(next);
    expect(calls.map((call) => call.join(''))).toEqual(['a', 'efgh']);
  });

  it('lets go of a client that hangs up while it waits', async () => {
    const calls: string[][] = [];
    const meet = new Rendezvous({ reward: ranking(calls) });
    const client = new AbortController();
    const gone = meet.score(answer('x'), joining({ signal: client.signal }));
    client.abort();
    expect(brief(await gone)[0]).toBe('abstained');
    expect(meet.waiting).toBe(0);
    const group = ['a', 'b', 'c', 'd'].map((letter) => meet.score(answer(letter), joining()));
    await Promise.all(group);
    expect(calls.map((call) => call.join(''))).toEqual(['abcd']);
  });

  it('stops judging only when every client has hung up, and keeps what was paid for one that asks again', async () => {
    for (const leaving of [1, 2]) {
      const calls: string[][] = [];
      let release = (): void => {};
      const hold = new Promise<void>((resolve) => (release = resolve));
      const meet = new Rendezvous({ reward: ranking(calls, hold) });
      const clients = [new AbortController(), new AbortController()];
      const waits = clients.map(({ signal }, i) =>
        meet.score(answer('ab'[i]!), joining({ size: 2, signal })),
      );
      clients.slice(0, leaving).forEach((client) => client.abort());
      const again = leaving === 1 ? meet.score(answer('a'), joining({ size: 2 })) : undefined;
      release();
      await vi.advanceTimersByTimeAsync(100);
      const all = await Promise.all(waits);
      expect(all.map((one) => one.status)).toEqual(['abstained', leaving === 1 ? 'scored' : 'abstained']);
      if (again) expect(brief(await again)).toEqual([0, 2, 2, false]);
      expect(calls.map((call) => call.join(''))).toEqual(leaving === 1 ? ['ab'] : ['ab', 'stopped']);
    }
  });

  it('keeps no more answers waiting than it may, and none when it is flushed', async () => {
    const calls: string[][] = [];
    const meet = new Rendezvous({ reward: ranking(calls), capacity: 5 });
    const waits = Array.from({ length: 6 }, (_, i) => meet.score(answer('a'), joining({ key: `${i}` })));
    expect(meet.waiting).toBe(5);
    expect(brief(await waits[0]!)).toEqual([0, 1, 4, false]);
    meet.flush();
    await Promise.all(waits);
    expect(meet.waiting).toBe(0);
    expect(calls).toHaveLength(6);
  });
});
