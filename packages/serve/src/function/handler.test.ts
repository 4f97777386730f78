import type { RewardFunction } from '@touchstone/core';
import { describe, expect, it } from 'vitest';
import type { NovaResult } from './nova/score.js';
import { simulatedReward, type ItemBehaviour } from '@touchstone/testing';
import { lambdaHandlerOf, type WrappedResults } from './handler.js';
import type { SampleLine } from './log.js';

const document = 'Payment is due in 30 days.';
const item = (grade: number, does: ItemBehaviour = 'grade') => ({ quote: 'due in 30 days', grade, does });
const sample = (id: string, items: object[], more: object = { document }) => ({
  id,
  messages: [
    { role: 'user', content: 'Review it.' },
    { role: 'assistant', content: JSON.stringify(items) },
  ],
  ...more,
});
const lambda = (remaining: number) => ({
  getRemainingTimeInMillis: () => remaining,
  awsRequestId: 'request-1',
});
const open = () => Promise.resolve(simulatedReward());
const scores = (results: unknown) => (results as NovaResult[]).map((result) => result.aggregate_reward_score);
const metric = (result: NovaResult | undefined, name: string) =>
  result?.metrics_list.find((one) => one.name === name)?.value;

describe('the Lambda handler', () => {
  const log = () => {};

  it('answers before its time is over with what there is, and cancels the rest', async () => {
    const signals: AbortSignal[] = [];
    const reward = simulatedReward();
    const watched: RewardFunction = {
      score: (rollouts, options) => {
        signals.push(options!.signal!);
        return reward.score(rollouts, options);
      },
    };
    const handler = lambdaHandlerOf(() => Promise.resolve(watched), { log });
    const results = await handler([sample('a', [item(5)]), sample('b', [item(5, 'hang')])], lambda(1200));
    expect(scores(results)).toEqual([1, 0.5]);
    expect(metric((results as NovaResult[])[1], 'judge_abstained')).toBe(1);
    // The two have one prompt, so they were one call.
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(await handler([], lambda(1))).toEqual([]);
    expect(scores(await handler([sample('c', [item(5, 'hang')])], lambda(-5)))).toEqual([0.5]);
  });

  it("passes the SDK's pre-flight: lines of a training file, without answers and ids", async () => {
    const system = { role: 'system', content: 's' };
    const results = (await lambdaHandlerOf(open, { log })(
      [
        { messages: [system, { role: 'user', content: 'q' }], reference_answer: { text: '42' } },
        {
          id: 'x',
          messages: [{ role: 'user', content: 'q' }],
          tools: [{ type: 'function', function: { name: 'f' } }],
        },
        { messages: [{ role: 'user', content: [{ type: 'text', text: 'q' }] }], metadata: { level: 3 } },
      ],
      lambda(3000),
    )) as NovaResult[];
    expect(results).toHaveLength(3);
    for (const result of results) {
      expect(Object.keys(result)).toEqual(['id', 'aggregate_reward_score', 'metrics_list']);
      expect(result.aggregate_reward_score).toBe(0);
      expect(metric(result, 'no_response')).toBe(1);
    }
    expect(results[1]!.id).toBe('x');
  });

  it('opens the reward once, and again after a failure', async () => {
    let opened = 0;
    const handler = lambdaHandlerOf(() => (++opened === 1 ? Promise.reject(new Error('no key')) : open()), {
      log,
    });
    await expect(handler([], lambda(3000))).rejects.toThrow('no key');
    await handler([], lambda(3000));
    await handler([], lambda(3000));
    expect(opened).toBe(2);
  });

  it('wraps the list for those who want it so, and says what is wrong with an event', async () => {
    const handler = lambdaHandlerOf(open, { envelope: 'wrapped', log });
    const wrapped = (await handler([sample('a', [item(5)])], lambda(3000))) as WrappedResults;
    expect(wrapped.statusCode).toBe(200);
    expect(JSON.parse(wrapped.body)).toMatchObject([{ id: 'a', aggregate_reward_score: 1 }]);
    expect(await handler('text', lambda(3000))).toMatchObject({
      statusCode: 400,
      body: expect.stringContaining('expected a list of samples'),
    });
    await expect(lambdaHandlerOf(open, { log })('text', lambda(3000))).rejects.toThrow('expected a list');
  });

  it('takes an event out of the HTTP request it came in, and answers as HTTP', async () => {
    const handler = lambdaHandlerOf(open, { log });
    const list = [sample('a', [item(5)]), sample('b', [item(1)])];
    const text = JSON.stringify(list);
    const requestContext = { http: { method: 'POST' } };
    for (const event of [
      { version: '2.0', requestContext, body: text, isBase64Encoded: false },
      { requestContext, body: Buffer.from(text).toString('base64'), isBase64Encoded: true },
      { httpMethod: 'POST', body: text },
    ]) {
      const { statusCode, body } = (await handler(event, lambda(3000))) as WrappedResults;
      expect([statusCode, scores(JSON.parse(body))]).toEqual([200, [1, 0.25]]);
    }
    for (const body of [undefined, null, '', 'no JSON', '{}', '{"samples":[]}']) {
      expect(await handler({ requestContext, body }, lambda(3000))).toMatchObject({ statusCode: 400 });
    }
    // A test event, and a sample that has a column of the name.
    expect(scores(await handler({ body: list }, lambda(3000)))).toEqual([1, 0.25]);
    expect(scores(await handler({ ...sample('c', [item(5)]), body: 'x' }, lambda(3000)))).toEqual([1]);
    for (const event of [{}, { body: {} }, { samples: list }, { Records: [] }]) {
      await expect(handler(event, lambda(3000))).rejects.toThrow('expected a list of samples');
    }
  });

  it('puts scores on the range that is asked for', async () => {
    const handler = lambdaHandlerOf(open, { range: { min: -1, max: 1 }, log });
    const event = [sample('a', [item(5)]), sample('b', []), sample('c', [item(5, 'fail')])];
    expect(scores(await handler(event, lambda(3000)))).toEqual([1, -1, 0]);
  });

  it('logs a line per sample that holds nothing of what was judged', async () => {
    const lines: SampleLine[] = [];
    const handler = lambdaHandlerOf(open, { log: (line) => void lines.push(line) });
    const secret = 'SECRET CLAUSE';
    await handler(
      [
        sample('good', [{ ...item(3), note: secret }], { document: `${document} ${secret}` }),
        sample('garbled', [{ ...item(3, 'garble'), note: secret }], { document: secret }),
        sample('down', [{ ...item(3, 'fail'), note: secret }], { document: secret }),
        sample('invalid', [{ ...item(3), note: secret }], {}),
        { id: 'silent', messages: [{ role: 'user', content: secret }] },
        { id: 'unreadable', messages: [{ role: 'user', content: [{ type: 'image', image: secret }] }] },
      ],
      lambda(3000),
    );
    expect(JSON.stringify(lines)).not.toContain(secret);
    expect(lines.map(({ id, status, reason }) => [id, status, reason])).toEqual([
      ['good', 'scored', undefined],
      ['garbled', 'abstained', 'unparseable'],
      ['down', 'abstained', 'transport'],
      ['invalid', 'failed', undefined],
      ['silent', 'no-response', undefined],
      ['unreadable', 'failed', undefined],
    ]);
    expect(lines[0]).toEqual({
      kind: 'sample',
      request_id: 'request-1',
      id: 'good',
      aggregate_reward_score: 0.25 + 0.75 * 0.5,
      status: 'scored',
      metrics: expect.objectContaining({ grounding: 1, judge: 0.5, judge_abstained: 0 }) as object,
      judge_calls: 1,
      saved_calls: 0,
      input_tokens: expect.any(Number) as number,
      output_tokens: expect.any(Number) as number,
    });
    expect(lines[1]).not.toHaveProperty('detail');
    expect(lines[2]!.detail).toBe('the simulator is down');
  });
});
