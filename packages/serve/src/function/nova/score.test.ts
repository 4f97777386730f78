import type { RewardFunction } from '@touchstone/core';
import { describe, expect, it } from 'vitest';
import type { Notice } from '../../scoring/notice.js';
import { simulatedReward, type ItemBehaviour } from '@touchstone/testing';
import { scoreNovaEvent, type NovaOptions, type NovaResult } from './score.js';

const document = 'Payment is due in 30 days.';
const item = (grade: number, does: ItemBehaviour = 'grade') => ({ quote: 'due in 30 days', grade, does });
/** A sample whose answer has these items; its prompt is `prompt`. */
const sample = (id: string, items: object[] | null, prompt = 'p', more: object = { document }) => ({
  id,
  messages: [
    { role: 'user', content: prompt },
    ...(items === null ? [] : [{ role: 'assistant', content: JSON.stringify(items) }]),
  ],
  ...more,
});
const metric = (result: NovaResult | undefined, name: string) =>
  result?.metrics_list.find((one) => one.name === name);
const scores = (results: NovaResult[]) => results.map((result) => result.aggregate_reward_score);

async function score(event: unknown, options: NovaOptions = {}) {
  const notices: Notice[] = [];
  const results = await scoreNovaEvent(event, simulatedReward(), {
    report: (notice) => void notices.push(notice),
    ...options,
  });
  return { results, notices };
}

describe('a scored event', () => {
  it('tells a bad answer, a judge that failed and a sample that is wrong apart', async () => {
    const { results, notices } = await score([
      sample('good', [item(5), item(2)]),
      sample('none', null),
      sample('empty', []),
      sample('garbled', [item(5, 'garble')]),
      sample('wrong', [item(5)], 'p', {}),
      { id: 'unreadable' },
      sample('gated', [item(5), { text: 'x'.repeat(1000) }]),
    ]);
    // 0.25 · 1 + 0.75 · (1 + 0.25) / 2
    expect(scores(results)).toEqual([expect.closeTo(0.71875, 12), 0, 0, 0.5, 0.5, 0.5, 0]);
    expect(results.map(({ id }) => id)).toEqual([
      'good',
      'none',
      'empty',
      'garbled',
      'wrong',
      'unreadable',
      'gated',
    ]);
    const flags = (name: string) => results.map((result) => metric(result, name)?.value);
    expect(flags('no_response')).toEqual([0, 1, 0, 0, 0, 0, 0]);
    expect(flags('judge_abstained')).toEqual([0, 0, 0, 1, 0, 0, 0]);
    expect(flags('invalid_sample')).toEqual([0, 0, 0, 0, 1, 1, 0]);
    expect(notices).toMatchObject([
      { kind: 'abstained', id: 'garbled', reason: 'unparseable' },
      { kind: 'failed', id: 'wrong', detail: expect.stringContaining('metadata.document is missing') },
      { kind: 'failed', id: 'unreadable' },
    ]);
  });

  it('reports the parts of the score as rewards and the rest as metrics', async () => {
    const { results } = await score([sample('a', [item(3)]), sample('b', [item(3, 'fail')])]);
    expect(results[0]!.metrics_list.slice(3)).toEqual([
      { name: 'length', value: 1, type: 'Metric' },
      { name: 'grounding', value: 1, type: 'Reward' },
      { name: 'judge', value: 0.5, type: 'Reward' },
      { name: 'Actionable', value: 0.5, type: 'Metric' },
    ]);
    expect(results[1]!.metrics_list.slice(3)).toEqual([
      { name: 'length', value: 1, type: 'Metric' },
      { name: 'grounding', value: 1, type: 'Metric' },
    ]);
  });

  it('gives an abstention the mean of its own prompt when asked, and neutral where there is none', async () => {
    const event = [
      sample('a1', [item(5)], 'a'),
      sample('b1', [item(5, 'fail')], 'b'),
      sample('a2', [item(1)], 'a'),
      sample('a3', [item(5, 'fail')], 'a'),
      sample('a4', null, 'a'),
    ];
    expect(scores((await score(event)).results)).toEqual([1, 0.5, 0.25, 0.5, 0]);
    const { results } = await score(event, { abstention: 'group-mean' });
    expect(scores(results)).toEqual([1, 0.5, 0.25, expect.closeTo(1.25 / 3, 12), 0]);
  });

  it('maps to another range, with neutral in its middle', async () => {
    const event = [sample('a', [item(5)]), sample('b', null), sample('c', [item(1, 'fail')])];
    expect(scores((await score(event, { range: { min: -1, max: 1 } })).results)).toEqual([1, -1, 0]);
  });

  it('never lets a reward through that is no number of 0 to 1, and is not stopped by one that throws', async () => {
    const answers = [NaN, 2, -1, Infinity];
    const reward: RewardFunction = {
      score: (rollouts) => {
        if (rollouts.some(({ id }) => id === '4')) throw new TypeError('a defect');
        const usage = { calls: 0, saved: 0, inputTokens: 0, outputTokens: 0, money: 0 };
        const components = [{ name: 'x', kind: 'check' as const, score: NaN, weight: 1 }];
        return Promise.resolve(
          rollouts.map(({ id }) => ({
            status: 'scored',
            score: answers[Number(id)]!,
            components,
            verdicts: [],
            usage,
          })),
        );
      },
    };
    const event = ['0', '1', '2', '3', '4'].map((id) => sample(id, []));
    const notices: Notice[] = [];
    const results = await scoreNovaEvent(event, reward, { report: (notice) => void notices.push(notice) });
    expect(scores(results)).toEqual([0.5, 0.5, 0.5, 0.5, 0.5]);
    expect(notices.at(-1)).toMatchObject({ id: '4', detail: 'internal error: a defect' });
    expect(notices).toHaveLength(5);
  });
});
