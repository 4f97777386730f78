import {
  ProviderError,
  type JsonObject,
  type JsonValue,
  type LanguageModel,
  type ModelReply,
  type ModelRequest,
  type Task,
  type Verdict,
} from '@touchstone/spec';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { createDispatcher } from '../../dispatch/dispatcher.js';
import type { Judge } from '../judge.js';
import { RubricJudge } from './rubric.js';
import { replySchema } from '../reply-format.js';
import { judgeSchema } from '../kinds.js';
import { rubricSchema } from './schema.js';

const config = rubricSchema.parse({
  model: 'local:judge',
  unit: 'item',
  objective: 'x',
  criteria: [
    { name: 'Grounded', question: '?', scale: 'graded', anchors: { 1: 'no', 5: 'yes' }, weight: 3 },
    { name: 'Useful', question: '?' },
  ],
  max_items: 3,
});
const task: Task = { id: 't', messages: [{ role: 'user', content: 'q' }], reference: null, metadata: {} };

/** A model in this process that writes replies by rule: its grade is the item's `grade`. */
function ruleModel(finish: ModelReply['finish'] = 'stop') {
  const requests: ModelRequest[] = [];
  const model: LanguageModel = {
    id: 'local:judge',
    version: '1',
    structuredOutput: false,
    generate: (request) => {
      requests.push(request);
      const prompt = request.messages.at(-1)!.content;
      const id = /reply id is (\w+)/.exec(prompt)![1];
      const score = Number(/"grade":(\d)/.exec(prompt)?.[1]);
      const verdicts = [
        { criterion: 'Grounded', evidence: 'e', reason: 'r', score },
        { criterion: 'Useful', evidence: 'e', reason: 'r', score: true },
      ];
      return Promise.resolve({
        text: JSON.stringify({ id, verdicts }),
        finish,
        inputTokens: 10,
        outputTokens: 2,
      });
    },
  };
  return { model, requests };
}

/** The judgement of one answer. */
async function judgeOne(judge: Judge, response: string, repeat = 0) {
  return (await judge.judge([{ id: 'r', task, response }], { repeat }))[0]!;
}

function judgeWith(model: LanguageModel, more: object = {}, seed = 1, fallbacks: LanguageModel[] = []) {
  const dispatcher = createDispatcher({ concurrency: 4, timeout_seconds: 1, attempts: 1, seed: 1 });
  return new RubricJudge({ ...config, ...more }, { model, fallbacks, dispatcher }, seed);
}

describe('a judge of items', () => {
  it('judges each item by itself and does the arithmetic', async () => {
    const { model, requests } = ruleModel();
    const { answer, verdicts, usage } = await judgeOne(judgeWith(model), '[{"grade":5},{"grade":2}]');
    // (3·1 + 1·1) / 4 and (3·0.25 + 1·1) / 4
    expect(verdicts.map((v) => v.status === 'scored' && [v.item, v.score])).toEqual([
      [0, 1],
      [1, 0.4375],
    ]);
    expect(answer).toEqual({ status: 'scored', score: 0.71875 });
    expect(usage).toEqual({ calls: 2, saved: 0, inputTokens: 20, outputTokens: 4, money: 0 });
    expect(requests[0]).toMatchObject({ maxOutputTokens: 1024, temperature: 0 });
    expect(verdicts[0]!.raw).toContain('"score":5');
  });

  it.each(['[]', '', 'no JSON', '{"grade":5}', '"x"', 'null', '```json\n[{"grade":5}]\n```'])(
    'makes no call for %j, which scores 0 and is no abstention',
    async (response) => {
      const { model, requests } = ruleModel();
      const { answer } = await judgeOne(judgeWith(model), response);
      expect(requests).toHaveLength(0);
      expect(answer).toEqual({ status: 'scored', score: 0 });
    },
  );

  it('gives 0 to items past the limit and to empty ones, without a call', async () => {
    const { model, requests } = ruleModel();
    const response = '[{"grade":5},null,{"grade":5},{"grade":5}]';
    const { answer, verdicts } = await judgeOne(judgeWith(model), response);
    expect(requests.map(({ messages }) => messages.at(-1)!.content.includes('"grade":5'))).toEqual([true]);
    expect(verdicts.map((v) => v.status === 'scored' && v.score)).toEqual([1, 0, 1, 0]);
    expect(answer).toEqual({ status: 'scored', score: 0.5 });
  });

  it.each<[string, (reply: ModelReply) => ModelReply]>([
    ['cannot be read', (reply) => ({ ...reply, text: reply.text.replace('"id":"', '"id":"x') })],
    ['is cut off', (reply) => ({ ...reply, finish: 'length' })],
  ])('asks again under a new marker when the reply %s, and counts both', async (_, spoil) => {
    const { model, requests } = ruleModel();
    const stumbles: LanguageModel = {
      ...model,
      async generate(request) {
        const reply = await model.generate(request);
        return requests.length === 1 ? spoil(reply) : reply;
      },
    };
    const { answer, usage } = await judgeOne(judgeWith(stumbles), '[{"grade":5}]');
    expect(answer).toEqual({ status: 'scored', score: 1 });
    expect(usage.calls).toBe(2);
    const markers = requests.map(({ messages }) => /reply id is (\w+)/.exec(messages.at(-1)!.content)![1]);
    expect(new Set(markers).size).toBe(2);
  });

  it('abstains, with the reason, when it cannot judge', async () => {
    const response = '[{"grade":5},{"grade":9}]';
    const reasons = async (model: LanguageModel) =>
      (await judgeOne(judgeWith(model), response)).verdicts.map((v) =>
        v.status === 'scored' ? v.score : v.reason,
      );
    expect(await reasons(ruleModel().model)).toEqual([1, 'unparseable']);
    expect(await reasons(ruleModel('length').model)).toEqual(['truncation', 'truncation']);
    expect(await reasons(ruleModel('refusal').model)).toEqual(['refusal', 'refusal']);
    const down = {
      ...ruleModel().model,
      generate: () => Promise.reject(new ProviderError('off', { reason: 'transport', isRetryable: false })),
    };
    const { answer, verdicts } = await judgeOne(judgeWith(down), response);
    expect(verdicts[0]).toMatchObject({ status: 'abstained', reason: 'transport', detail: 'off', raw: '' });
    expect(answer).toEqual({ status: 'abstained', reason: 'transport', detail: 'off' });
  });

  it('asks the very same thing the second time, and something else for another repeat or seed', async () => {
    const { model, requests } = ruleModel();
    const response = '[{"grade":5}]';
    const keys: string[] = [];
    for (const [seed, repeat] of [
      [1, 0],
      [1, 0],
      [1, 1],
      [2, 0],
    ] as const) {
      keys.push((await judgeOne(judgeWith(model, {}, seed), response, repeat)).verdicts[0]!.key);
    }
    expect(requests[1]!.messages).toEqual(requests[0]!.messages);
    expect(new Set(keys).size).toBe(3);
    expect(keys[1]).toBe(keys[0]);
    expect(requests[2]!.messages).not.toEqual(requests[0]!.messages);
  });

  it('changes its fingerprint with everything that decides a verdict', () => {
    const { model } = ruleModel();
    const prints = [
      judgeWith(model),
      judgeWith({ ...model, version: '2' }),
      judgeWith(model, { temperature: 0.5 }),
      judgeWith(model, { prompt: '{{item}} {{marker}}' }),
      judgeWith(model, { objective: 'y' }),
      judgeWith(model, { fallbacks: [{ model: 'local:other' }] }, 1, [{ ...model, version: '3' }]),
      judgeWith(model, { rules: [{ criterion: 'Useful', value: false, when: { empty: true } }] }),
      judgeWith(model, { criteria_per_call: 1 }),
      judgeWith(model, { logprobs: 5 }),
      judgeWith(model, { aggregate: { by: 'min' } }),
      judgeWith(model, { criteria: config.criteria.slice(0, 1) }),
    ].map(({ fingerprint }) => fingerprint);
    expect(new Set(prints).size).toBe(prints.length);
    expect(judgeWith(model, {}, 9).fingerprint).toBe(prints[0]);
    const api = { ...model, id: 'anthropic:judge' };
    // What is paid for under it is lost when it changes: replies paid for then are still found.
    expect(judgeWith(api).fingerprint).toBe('1b77035fe4b7dac1');
    expect(judgeWith({ ...api, id: 'anthropic:other' }).fingerprint).not.toBe(judgeWith(api).fingerprint);
  });

  it('is the same judge wherever its local model lies', () => {
    const { model } = ruleModel();
    const moved = { ...model, id: 'local:../elsewhere/judge' };
    expect(judgeWith(moved).fingerprint).toBe(judgeWith(model).fingerprint);
  });
});

it('judges a whole answer once, and an invisible one never', async () => {
  const { model, requests } = ruleModel();
  const judge = judgeWith(model, { unit: 'answer' });
  const { verdicts } = await judgeOne(judge, 'text "grade":3');
  expect(verdicts).toHaveLength(1);
  expect(verdicts[0]).not.toHaveProperty('item');
  expect((await judgeOne(judge, ' \n\u200b\u00a0')).verdicts).toEqual([] satisfies Verdict[]);
  expect(requests).toHaveLength(1);
});

describe('the schema of a reply', () => {
  /** Every object of a schema, however deep. */
  function objectsOf(schema: JsonValue): JsonObject[] {
    if (typeof schema !== 'object' || schema === null) return [];
    const below = Object.values(schema).flatMap(objectsOf);
    return !Array.isArray(schema) && schema['type'] === 'object' ? [schema, ...below] : below;
  }

  it('is closed and complete at every depth, as strict providers demand', () => {
    const objects = objectsOf(replySchema(config.criteria));
    expect(objects).toHaveLength(3);
    for (const object of objects) {
      expect(object['additionalProperties']).toBe(false);
      expect(object['required']).toEqual(Object.keys(object['properties'] as JsonObject));
    }
  });

  it('takes what the parser takes and refuses what it refuses', () => {
    const validate = new Ajv2020().compile(replySchema(config.criteria));
    const reply = (grounded: unknown, useful: unknown) => ({
      id: 'x',
      verdicts: [
        { criterion: 'Grounded', evidence: '', reason: '', score: grounded },
        { criterion: 'Useful', evidence: '', reason: '', score: useful },
      ],
    });
    expect(validate(reply(5, false))).toBe(true);
    for (const wrong of [reply(6, true), reply(1.5, true), reply('5', true), reply(5, 1), { id: 'x' }]) {
      expect(validate(wrong)).toBe(false);
    }
  });
});

describe('the configuration of a judge', () => {
  const criterion = { name: 'A', question: '?' };
  it.each([
    [{ criteria: [] }],
    [{ criteria: [criterion, criterion] }],
    [{ criteria: [{ ...criterion, scale: 'graded' }] }],
    [{ criteria: [{ ...criterion, scale: 'graded', anchors: { 1: 'only one' } }] }],
    [{ criteria: [{ ...criterion, scale: 'graded', anchors: { low: 'x', high: 'y' } }] }],
    [{ criteria: [{ ...criterion, anchors: { 0: 'x', 1: 'y' } }] }],
    [{ criteria: [{ ...criterion, name: '__proto__' }] }],
    [{ unknown: 1 }],
  ])('is refused when it is wrong (%#)', (more) => {
    const whole = { model: 'local:judge', objective: 'x', criteria: [criterion] };
    expect(judgeSchema.safeParse(whole).success).toBe(true);
    expect(judgeSchema.safeParse({ ...whole, ...more }).success).toBe(false);
  });
});
