import { NO_USAGE } from '@touchstone/spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Judge } from '../judge/judge.js';
import { createAnswerReader } from './answer-policy.js';
import { createReward } from './reward.js';
import { rewardSchema } from './schema.js';

const answerOf = (answer: object | undefined, response: string, checks: object[] = []) =>
  createAnswerReader(rewardSchema.parse({ answer, checks }))(response);
const fence = (text: string, mark = '```') => `${mark}json\n${text}\n${mark}`;

describe('the answer in a response', () => {
  const thinking = { after_thinking: true };
  const fenced = { inside_fence: true };
  it.each([
    [undefined, '<think>a</think>x', '<think>a</think>x'],
    [{}, fence('{}'), fence('{}')],
    [thinking, '<think>a</think>\n\nx', 'x'],
    [thinking, 'x', 'x'],
    [fenced, fence('{}'), '{}'],
    [fenced, ` \n${fence('{}', '~~~~')}\n`, '{}'],
    [fenced, '```\n{}```', '{}'],
    [fenced, 'no fence', 'no fence'],
    [fenced, `Here it is:\n${fence('{}')}`, `Here it is:\n${fence('{}')}`],
    [fenced, `${fence('{}')}\n${fence('[]')}`, `${fence('{}')}\n${fence('[]')}`],
    [fenced, '```json', '```json'],
    [fenced, '```json\n{}', '```json\n{}'],
    [fenced, '``` no language\n{}\n```', '``` no language\n{}\n```'],
    [{ ...thinking, ...fenced }, `[THINK]${fence('1')}[/THINK]${fence('2')}`, '2'],
    [{ ...thinking, ...fenced }, fence('<think>a</think>2'), fence('<think>a</think>2').slice(8, -4)],
  ])('%j: %j', (policy, response, text) => expect(answerOf(policy, response)).toEqual({ text }));

  it('is empty where the thinking has no end, whatever stands in it', () => {
    expect(answerOf(thinking, '<think>[{"quote":"x"}]')).toEqual({
      text: '',
      note: 'the thinking has no end',
    });
  });

  it('is what it was where nothing is asked for', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (response) => {
        expect(answerOf(undefined, response)).toEqual({ text: response });
      }),
    );
  });

  it('is the repaired JSON for all parts, where one of them takes it', () => {
    const takes = [{ type: 'json', repaired: 0.5 }];
    expect(answerOf(undefined, fence('[1]'), takes)).toEqual({
      text: '[1]',
      repaired: 'JSON only without its code fence',
    });
    expect(answerOf(undefined, '[1,]', takes)).toMatchObject({ repaired: 'JSON only after repair' });
    expect(answerOf(undefined, 'prose', takes)).toEqual({ text: 'prose' });
    expect(answerOf(fenced, fence('[1]'), takes)).toEqual({ text: '[1]' });
    expect(answerOf(undefined, fence('[1]'), [{ type: 'json' }])).toEqual({ text: fence('[1]') });
  });
});

describe('a reward', () => {
  const seen: string[] = [];
  const judge: Judge = {
    id: 'rule',
    fingerprint: '0'.repeat(16),
    criteria: [],
    compares: true,
    judge: async (rollouts_G) => {
      seen.push(...rollouts_G.map(({ response }) => response));
      return rollouts_G.map(() => ({
        answer: { status: 'scored', score: 1 },
        verdicts: [],
        usage: NO_USAGE,
      }));
    },
  };
  const task = {
    id: 't',
    messages: [{ role: 'user' as const, content: 'q' }],
    reference: null,
    metadata: { document: 'the notice period' },
  };
  const checks = [
    { type: 'json', repaired: 0.5, weight: 1 },
    { type: 'grounding', quotes: 'quote', document: 'metadata.document', weight: 1 },
    { type: 'length', max: 30, weight: 1 },
    {
      type: 'string-check',
      input: '{{response.quote}}',
      reference: 'the notice period',
      operation: 'eq',
      weight: 1,
    },
  ];
  const scores = async (answer: object | undefined, ...responses: string[]) => {
    seen.length = 0;
    const rewards = await createReward(rewardSchema.parse({ answer, checks }), judge, { baseDir: '.' }).score(
      responses.map((response, i) => ({
        id: `${i}`,
        task,
        response,
        finish: 'stop',
        group: 'g',
        policy: 'p',
      })),
    );
    return rewards.map(({ components }) => components.map(({ score }) => score));
  };
  const json = '{"quote":"the notice period"}';

  it('has no part that reads another answer than the others', async () => {
    const thinking = `<think>${'long '.repeat(50)}</think>\n${json}`;
    expect(await scores({ after_thinking: true }, json, thinking)).toEqual([
      [1, 1, 1, 1, 1],
      [1, 1, 1, 1, 1],
    ]);
    expect(seen).toEqual([json, json]);
    expect(await scores(undefined, fence(json), "{'quote':'the notice period'}")).toEqual([
      [0.5, 1, 1, 1, 1],
      [0.5, 1, 1, 1, 1],
    ]);
    expect(seen).toEqual([json, json]);
    expect(await scores({ inside_fence: true }, fence(json))).toEqual([[1, 1, 1, 1, 1]]);
  });

  it('is low for an answer cut off in its thoughts, and says why', async () => {
    const [reward] = await createReward(
      rewardSchema.parse({ answer: { after_thinking: true }, checks }),
      judge,
      {
        baseDir: '.',
      },
    ).score([{ id: 'x', task, response: `<think>${json}`, finish: 'length', group: 'g', policy: 'p' }]);
    expect(reward).toMatchObject({ status: 'scored' });
    expect(reward!.components[0]).toMatchObject({ score: 0 });
    expect(reward!.components[0]!.detail).toContain('the thinking has no end');
    expect(reward!.components[1]!.score).toBe(0);
  });
});
