import {
  NO_USAGE,
  RunError,
  type Reward,
  type Rollout,
  type ScoredVerdict,
  type Verdict,
} from '@touchstone/spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Judge } from '../judge/judge.js';
import { rubricSchema } from '../judge/rubric/schema.js';
import { aggregate } from '../judge/rubric/aggregate.js';
import { applyAbstentionPolicy } from './abstention.js';
import { createReward } from './reward.js';
import { rewardSchema } from './schema.js';

const { criteria } = rubricSchema.parse({
  model: 'local:j',
  objective: 'x',
  criteria: [
    { name: 'A', question: '?' },
    { name: 'B', question: '?' },
  ],
});
const verdict = (item: number, a: number, b: number): ScoredVerdict => ({
  judge: 'f',
  key: `${item}`,
  raw: '',
  item,
  status: 'scored',
  score: (a + b) / 2,
  criteria: [
    { criterion: 'A', evidence: '', reason: '', value: a, score: a },
    { criterion: 'B', evidence: '', reason: '', value: b, score: b },
  ],
  mismatch: false,
});
const abstained: Verdict = {
  judge: 'f',
  key: 'k',
  raw: '',
  status: 'abstained',
  reason: 'timeout',
  detail: 'slow',
};

/** A judge that was heard already, and counts how often it is asked. */
function judgeSaying(verdicts: Verdict[]): Judge & { asked: number } {
  const judge = {
    id: 'j',
    fingerprint: 'f',
    criteria,
    asked: 0,
    judge: (rollouts_G: readonly unknown[]) => {
      judge.asked += rollouts_G.length;
      const answer = aggregate({ by: 'mean' }, verdicts, []);
      const usage = { ...NO_USAGE, calls: verdicts.length };
      return Promise.resolve(rollouts_G.map(() => ({ answer, verdicts, usage })));
    },
  };
  return judge;
}

const rollout = (response: string): Rollout => ({
  id: 'r',
  task: {
    id: 't',
    messages: [{ role: 'user', content: 'q' }],
    reference: null,
    metadata: { document: 'one two' },
  },
  response,
  finish: 'stop',
  group: 'g',
  policy: 'base',
});
const config = rewardSchema.parse({
  judge_weight: 0.6,
  checks: [
    { type: 'length', max: 100, gate: true },
    { type: 'grounding', quotes: 'q', document: 'metadata.document', min_words: 0, weight: 0.2 },
  ],
});
const scoreOne = async (judge: Judge, response: string) =>
  (await createReward(config, judge, { baseDir: '.' }).score([rollout(response)]))[0]!;

describe('the reward', () => {
  it('is the weighted mean of checks and judge, and reports every part', async () => {
    const reward = await scoreOne(
      judgeSaying([verdict(0, 1, 0), verdict(1, 1, 1)]),
      '[{"q":"one"},{"q":"three"}]',
    );
    // (0.2 · 0.5 + 0.6 · 0.75) / 0.8
    expect(reward).toMatchObject({ status: 'scored', usage: { calls: 2 } });
    expect(reward.status === 'scored' && reward.score).toBeCloseTo(0.6875, 12);
    expect(reward.components).toMatchObject([
      { name: 'length', kind: 'check', score: 1, weight: 0 },
      { name: 'grounding', kind: 'check', score: 0.5, weight: 0.25 },
      { name: 'judge', kind: 'judge', score: 0.75 },
      { name: 'A', kind: 'criterion', score: 1, weight: 0 },
      { name: 'B', kind: 'criterion', score: 0.5, weight: 0 },
    ]);
    expect(reward.components.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
    expect(reward.components.reduce((sum, part) => sum + part.contribution!, 0)).toBeCloseTo(0.6875, 12);
  });

  it('is 0 and asks nobody when a gate fails', async () => {
    const judge = judgeSaying([verdict(0, 1, 1)]);
    const reward = await scoreOne(judge, 'x'.repeat(101));
    expect(reward).toMatchObject({
      status: 'scored',
      score: 0,
      gatedBy: 'length',
      verdicts: [],
      usage: NO_USAGE,
    });
    expect(reward.components.find(({ kind }) => kind === 'judge')!.score).toBeNull();
    expect(judge.asked).toBe(0);
  });

  it('is a score of the checks alone when there is nothing to judge', async () => {
    const reward = await scoreOne(judgeSaying([]), '{"q":"one"}');
    expect(reward.status === 'scored' && reward.score).toBeCloseTo(0.25, 12);
    expect(reward.components.map(({ score }) => score)).toEqual([1, 1, 0, 0, 0]);
  });

  it('needs no judge where the checks decide', async () => {
    const judge = judgeSaying([verdict(0, 1, 1)]);
    const alone = rewardSchema.parse({
      checks: [{ type: 'length', min: 2, tolerance: 2, weight: 1 }],
      formula: undefined,
    });
    const formula = rewardSchema.parse({
      checks: [{ type: 'length', min: 2, tolerance: 2 }],
      formula: { expression: 'length ^ 2' },
    });
    for (const [rule, asked, expected] of [
      [alone, null, 0.5],
      [formula, judge, 0.25],
    ] as const) {
      const [reward] = await createReward(rule, asked, { baseDir: '.' }).score([rollout('x')]);
      expect(reward).toMatchObject({ status: 'scored', score: expected, verdicts: [], usage: NO_USAGE });
    }
    expect(judge.asked).toBe(0);
  });

  it('abstains when one item could not be judged', async () => {
    const reward = await scoreOne(judgeSaying([verdict(0, 1, 1), abstained]), '[{"q":"one"}]');
    expect(reward).toMatchObject({ status: 'abstained', reason: 'timeout', detail: 'slow' });
    expect(reward.components.map(({ score }) => score)).toEqual([1, 1, null, null, null]);
    expect(reward.verdicts).toHaveLength(2);
  });

  it('keeps the order of the rollouts and tells of each', async () => {
    const waits = [30, 0, 15];
    const judge: Judge = {
      ...judgeSaying([]),
      judge: async ([rollout]) => {
        const score = Number(rollout!.response) / 2;
        await new Promise((resolve) => setTimeout(resolve, waits[2 * score]));
        const verdicts = [verdict(0, score, score)];
        return [{ answer: aggregate({ by: 'mean' }, verdicts, []), verdicts, usage: NO_USAGE }];
      },
    };
    const told: number[] = [];
    const rewards = await createReward(rewardSchema.parse({}), judge, { baseDir: '.' }).score(
      ['0', '1', '2'].map(rollout),
      { onDone: (_, index) => told.push(index) },
    );
    expect(rewards.map((reward) => reward.status === 'scored' && reward.score)).toEqual([0, 0.5, 1]);
    expect(told.sort((a, b) => a - b)).toEqual([0, 1, 2]);
  });

  it('refuses two checks of one name', () => {
    expect(rewardSchema.safeParse({ checks: [{ type: 'safety' }, { type: 'safety' }] }).success).toBe(false);
    expect(
      rewardSchema.safeParse({ checks: [{ type: 'safety' }, { type: 'safety', name: 'other' }] }).success,
    ).toBe(true);
  });
});

describe('what an abstention becomes', () => {
  const scored = (score: number): Reward => ({
    status: 'scored',
    score,
    components: [],
    verdicts: [],
    usage: NO_USAGE,
  });
  const none: Reward = {
    status: 'abstained',
    reason: 'timeout',
    detail: 'slow',
    components: [],
    verdicts: [],
    usage: NO_USAGE,
  };
  /** (Rᵢ − μ)/σ with the sample deviation, over those that are left in. */
  const advantages = (rewards: (number | null)[]) => {
    const left = rewards.filter((r) => r !== null);
    const mean = left.reduce((a, b) => a + b, 0) / left.length;
    const deviation = Math.sqrt(left.reduce((a, b) => a + (b - mean) ** 2, 0) / (left.length - 1));
    return rewards.map((r) => (r === null ? 0 : (r - mean) / deviation));
  };
  // A format check that all pass and a judge of equal weight that said nothing, 0.8, 0.6, 0.8: totals ?, .9, .8, .9.
  const group = [none, scored(0.9), scored(0.8), scored(0.9)];

  it('mask and group-mean move nobody else; neutral does', () => {
    expect(applyAbstentionPolicy(group, 'mask')).toEqual([null, 0.9, 0.8, 0.9]);
    const imputed = applyAbstentionPolicy(group, 'group-mean');
    expect(imputed[0]).toBeCloseTo(2.6 / 3, 12);
    expect(advantages(imputed)[0]).toBeCloseTo(0, 9);
    expect(applyAbstentionPolicy(group, 'neutral')).toEqual([0.5, 0.9, 0.8, 0.9]);
    expect(advantages(applyAbstentionPolicy(group, 'neutral'))[0]).toBeLessThan(-1.4);
  });

  it('shows why a missing part must not count as 0: the totals .5, .9, .8, .9 punish the one that was not judged', () => {
    [-1.45, 0.66, 0.13, 0.66].forEach((expected, i) =>
      expect(advantages([0.5, 0.9, 0.8, 0.9])[i]).toBeCloseTo(expected, 2),
    );
  });

  it('fail stops the run, and a group without a score is left out', () => {
    expect(() => applyAbstentionPolicy(group, 'fail')).toThrow(RunError);
    expect(applyAbstentionPolicy([scored(1)], 'fail')).toEqual([1]);
    expect(applyAbstentionPolicy([none, none], 'group-mean')).toEqual([null, null]);
  });

  it('keeps the mean of the group, whichever members abstain', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.double({ min: 0, max: 1, noNaN: true })), { minLength: 1 }),
        (scores) => {
          const rewards = scores.map((score) => (score === null ? none : scored(score)));
          const masked = applyAbstentionPolicy(rewards, 'mask').filter((r) => r !== null);
          const imputed = applyAbstentionPolicy(rewards, 'group-mean').filter((r) => r !== null);
          const mean = (list: number[]) => list.reduce((a, b) => a + b, 0) / list.length;
          if (masked.length > 0) expect(mean(imputed)).toBeCloseTo(mean(masked), 9);
          else expect(imputed).toEqual([]);
        },
      ),
      { seed: 8 },
    );
  });
});
