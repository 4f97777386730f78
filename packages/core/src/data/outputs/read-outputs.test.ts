import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { OUTPUT_FORMATS, readOutputs } from './read-outputs.js';
import { TaskPool } from './task-pool.js';

const folder = mkdtempSync(join(tmpdir(), 'touchstone-outputs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a file and reads it: rows as JSON Lines, or a text as it is. */
async function read(rows: readonly unknown[] | string, pool = new TaskPool()) {
  const file = join(folder, 'outputs.jsonl');
  writeFileSync(file, typeof rows === 'string' ? rows : rows.map((row) => JSON.stringify(row)).join('\n'));
  return { ...(await readOutputs(file, pool)), tasks: pool.tasks() };
}
const oneOf = async (row: unknown) => {
  const { answers, tasks, formats } = await read([row]);
  expect(answers).toHaveLength(1);
  return { ...answers[0]!, task: tasks.get(answers[0]!.task)!, formats };
};
const refusal = async (rows: readonly unknown[] | string): Promise<string> =>
  read(rows).then(
    () => 'not refused',
    (error: unknown) => (error as Error).message,
  );

const CALL = {
  id: 'c1',
  type: 'function',
  function: { name: 'find_order', arguments: '{"id":"#W1"}' },
};
const user = (content: unknown) => ({ role: 'user', content });
const item = (more: object = {}) => ({
  messages: [{ role: 'developer', content: 'Be exact.' }, user('Is it due?')],
  ...more,
});
const evalItem = (sample: object, more: object = {}) => ({
  object: 'eval.run.output_item',
  datasource_item: item(),
  sample: { input: [], output: [], ...sample },
  results: [],
  ...more,
});

describe('formats of stored outputs', () => {
  it('reads a task line with its response', async () => {
    const row = {
      id: 't1',
      prompt: 'Is it due?',
      answer: 'Yes.',
      response: 'No.',
      model: 'm',
      scores: { exact: false },
      topic: 'dates',
    };
    expect(await oneOf(row)).toMatchObject({
      task: { id: 't1', reference: 'Yes.', metadata: { topic: 'dates' } },
      response: 'No.',
      model: 'm',
      scores: { exact: 0 },
      tokens: null,
    });
  });

  it("reads an item of OpenAI's evaluations: calls of tools are told before the response", async () => {
    const row = evalItem(
      {
        output: [{ role: 'assistant', content: 'It is due.', tool_calls: [CALL] }],
        finish_reason: 'length',
        model: 'ft:m',
        usage: { completion_tokens: 7 },
      },
      {
        datasource_item: item({ ground_truth: 'Yes', trace: [1] }),
        results: [
          { name: 'Exact-22415264-f1de-4c39-aafa-684abd2d55d8', score: 0.5, passed: true },
          { name: 'Check', passed: true },
          { name: 'Broken', score: null },
        ],
      },
    );
    expect(await oneOf(row)).toMatchObject({
      task: {
        messages: [
          { role: 'system', content: 'Be exact.' },
          { role: 'user', content: 'Is it due?' },
        ],
        reference: 'Yes',
        metadata: { trace: [1] },
      },
      response: 'It is due.',
      trajectory: 'Tool call:\n  find_order {"id":"#W1"}',
      finish: 'length',
      model: 'ft:m',
      tokens: 7,
      scores: { Exact: 0.5, Check: 1, Broken: null },
    });
  });

  it('reads what the page of an evaluation exports, and what graders are given', async () => {
    const exported = {
      item: item(),
      sample: {
        trajectory: [],
        outputs: [{ role: 'assistant', content: '', tool_calls: [CALL] }],
        sampled_model_name: '',
      },
      grades: { Exact: 0 },
      passes: { Exact: false, Other: true },
    };
    expect(await oneOf(exported)).toMatchObject({
      response: '',
      trajectory: expect.stringContaining('find_order') as string,
      scores: { Exact: 0, Other: 1 },
    });
    for (const row of [
      { item: item(), sample: { output_text: 'Yes.' } },
      { item: { ...item(), 'sample.output_text': 'Yes.' } },
      { item: item(), 'sample.output_text': 'Yes.' },
      { datasource_item: { query: 'Is it due?', 'sample.output_text': 'Yes.' }, sample: {}, results: [] },
    ]) {
      expect(await oneOf(row)).toMatchObject({ response: 'Yes.' });
    }
    const json = { item: item(), sample: { output_json: { due: true } } };
    expect(await oneOf(json)).toMatchObject({ response: '{"due":true}' });
  });

  it('reads chat logs with tools, in the order of what was done, and every choice', async () => {
    const log = {
      id: 'chatcmpl-1',
      tools: [{ type: 'function' }],
      messages: [
        user('Hello'),
        { role: 'assistant', content: null, tool_calls: [CALL] },
        { role: 'tool', tool_call_id: 'c1', content: 'an old one' },
        user([{ type: 'text', text: 'Is it due?' }]),
        { role: 'assistant', content: 'I look.', tool_calls: [CALL] },
        { role: 'tool', tool_call_id: 'c1', content: 'due:\nFinal answer:' },
        { role: 'assistant', content: 'Yes.' },
      ],
    };
    const { task, ...answer } = await oneOf(log);
    expect(task.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'assistant', 'user']);
    expect(answer).toMatchObject({
      response: 'Yes.',
      trajectory:
        'Text:\n  I look.\nTool call:\n  find_order {"id":"#W1"}\nTool result:\n  find_order: due:\n  Final answer:',
    });
    const choices = ['Yes.', 'No.'].map((content) => ({ message: { role: 'assistant', content } }));
    const { answers } = await read([{ messages: [user('Is it due?')], choices }]);
    expect(answers.map(({ response }) => response)).toEqual(['Yes.', 'No.']);
    const refused = { messages: [user('?'), { role: 'assistant', content: null, refusal: 'I cannot.' }] };
    expect(await oneOf(refused)).toMatchObject({ response: 'I cannot.' });
  });

  it("reads Azure's rows, and knows the scale of its own graders", async () => {
    const row = {
      'inputs.query': 'Is it due?',
      'inputs.response': 'Yes.',
      'inputs.ground_truth': 'Yes',
      'outputs.coherence.coherence': 4,
      'outputs.coherence.gpt_coherence': 4,
      'outputs.coherence.coherence_reason': 'clear',
      'outputs.coherence.coherence_threshold': 3,
      'outputs.f1.f1_score': null,
    };
    expect(await oneOf(row)).toMatchObject({
      task: { messages: [{ role: 'user', content: 'Is it due?' }], reference: 'Yes' },
      response: 'Yes.',
      scores: { coherence: 4, 'f1.f1_score': null },
      scales: { coherence: [1, 5] },
    });
    const agent = [
      {
        role: 'assistant',
        content: [{ type: 'tool_call', tool_call_id: 'x', name: 'find', arguments: { id: 1 } }],
      },
      { role: 'tool', content: [{ type: 'tool_result', tool_call_id: 'x', tool_result: 'due' }] },
      { role: 'assistant', content: [{ type: 'text', text: 'Yes.' }] },
    ];
    expect(await oneOf({ query: 'Is it due?', response: agent })).toMatchObject({
      response: 'Yes.',
      trajectory: 'Tool call:\n  find {"id":1}\nTool result:\n  find: due',
    });
  });

  it('reads pages and whole documents, and NaN as no score', async () => {
    const rows = ['a', 'b'].map((content, i) =>
      evalItem({ output: [{ role: 'assistant', content }] }, { id: `o${i}` }),
    );
    const page = { object: 'list', data: rows, has_more: false };
    for (const text of [
      JSON.stringify(page),
      JSON.stringify(page, null, 2),
      JSON.stringify(rows, null, 2),
      JSON.stringify({ run_name: 'Step 3', items: rows }, null, 1),
    ]) {
      expect((await read(text)).answers.map(({ response }) => response)).toEqual(['a', 'b']);
    }
    expect((await read(JSON.stringify({ run_name: 'Step 3', items: rows }))).answers[0]!.model).toBe(
      'Step 3',
    );
    const said = '{"messages":[{"role":"user","content":"NaN?"}],"response":"-Infinity","scores":{"s": NaN}}';
    expect((await read(`${said}\n${said}`)).answers[0]).toMatchObject({
      response: '-Infinity',
      scores: { s: null },
    });
  });
});

describe('odd rows', () => {
  it('takes a row that is there twice, whole, for a copy, and equal answers among others for samples', async () => {
    const row = (id: string, response: string) => ({ id, question: 'Is it?', response });
    const copied = await read([row('a', 'yes'), row('b', 'no'), row('a', 'yes')]);
    expect(copied.answers).toHaveLength(2);
    expect(copied.odd).toEqual([
      expect.objectContaining({ message: 'the same row as in line 1: a copy is no further answer' }),
    ]);
    const sampled = await read([row('a', 'yes'), row('a', 'no'), row('a', 'yes')]);
    expect(sampled).toMatchObject({ odd: [], answers: { length: 3 } });
  });

  it('sets aside rows without an answer, and says why', async () => {
    const good = evalItem({ output: [{ role: 'assistant', content: '' }] }, { id: 'o1' });
    const several = [
      { role: 'assistant', content: 'a' },
      { role: 'assistant', content: 'b' },
    ];
    const { answers, odd } = await read([
      good,
      good,
      evalItem({ error: { code: 'rate_limit', message: 'slow down' } }),
      evalItem({ finish_reason: 'content_filter', output: [{ role: 'assistant', content: '' }] }),
      evalItem({ output: several }),
      evalItem({ output: [{ role: 'assistant', content: [{ type: 'image_url', image_url: {} }] }] }),
      evalItem({}),
      { messages: [user('?')] },
      { prompt: '?', response: null, error: 'timed out' },
      { 'inputs.query': '?', 'inputs.response': null },
    ]);
    // An empty answer is an answer.
    expect(answers).toHaveLength(1);
    expect(odd.map(({ place, message }) => `${place.line}: ${message}`)).toEqual([
      '2: the row "o1" is there already: a copy is no further answer',
      '3: an error in place of an answer: rate_limit: slow down',
      '4: a content filter took the answer away',
      expect.stringContaining('5: several turns of the assistant'),
      expect.stringContaining('6: sample.output[0].content[0] is of type "image_url"'),
      '7: sample has no output: there is no answer',
      '8: there is no turn of the assistant after the last one of the user',
      '9: an error in place of an answer: timed out',
      '10: response is null or missing: there is no answer',
    ]);
  });

  it('takes no row that says it failed for an empty or a half answer', async () => {
    const nothing = { role: 'assistant', content: '' };
    const { answers, odd } = await read([
      { query: '?', response: '', error: { code: '429', message: 'rate limit' } },
      { 'inputs.query': '?', 'outputs.response': '', 'outputs.error': '429' },
      { messages: [user('?'), { role: 'assistant', content: null }], error: 'timeout' },
      { messages: [user('?'), nothing], error: true },
      { messages: [user('?')], choices: [{ message: nothing }], error: 'timeout' },
      { messages: [user('?'), nothing], finish_reason: 'content_filter' },
      evalItem({ output: [nothing] }, { status: 'error' }),
      evalItem({ output: [{ role: 'assistant', content: 'Half an' }], error: { message: 'cut' } }),
      { prompt: '?', response: 'Error 500', error: 'HTTP 500' },
      // Graders failed this one, and all it was asked is in it.
      evalItem({ output: [{ role: 'assistant', content: 'No.' }] }, { status: 'fail' }),
      { prompt: '?', response: 'r', finish_reason: 'length', error: null },
    ]);
    expect(odd.map(({ place }) => place.line)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(answers.map(({ response, finish }) => [response, finish])).toEqual([
      ['No.', 'stop'],
      ['r', 'length'],
    ]);
  });

  it('takes a score for no other than it is', async () => {
    const said = (results: object[]) =>
      oneOf(evalItem({ output: [{ role: 'assistant', content: 'x' }] }, { results }));
    const azure = { type: 'azure_ai_evaluator', name: 'coherence' };
    // A grader that failed has said nothing.
    const failed = { name: 'x', score: 0, sample: { error: { code: '429', message: 'slow' } } };
    expect((await said([failed])).scores).toEqual({ x: null });
    // Yes is not the lowest of 1 to 5, and Azure's scale is not its neighbour's.
    expect(await said([{ ...azure, passed: true }])).toMatchObject({ scores: { coherence: 1 }, scales: {} });
    const beside = [
      { ...azure, score: 5 },
      { type: 'text_similarity', name: 'similarity', score: 1 },
    ];
    expect((await said(beside)).scales).toEqual({ coherence: [1, 5] });
    const row = { 'inputs.query': '?', 'inputs.response': 'x' };
    expect((await oneOf({ ...row, 'outputs.relevance.relevance': true })).scales).toEqual({});
    expect((await oneOf({ ...row, 'outputs.relevance.relevance': 4 })).scales).toEqual({ relevance: [1, 5] });
    expect(await refusal([{ ...row, 'outputs.relevance.relevance': '4' }])).toMatch(/expected a number/);
    const id = (last: string): string => `Exact-22415264-f1de-4c39-aafa-684abd2d55${last}`;
    expect(await refusal([{ prompt: '?', response: 'x', scores: { [id('d8')]: 1, [id('d9')]: 0 } }])).toMatch(
      /the grader "Exact" is there twice/,
    );
    const both = { item: item(), sample: { output_text: 'x' }, scores: { x: 1 } };
    expect(await refusal([{ ...both, results: [{ name: 'x', score: 0 }] }])).toMatch(
      /"x" gives 0, and scores says 1/,
    );
  });

  it('refuses what it does not understand by line', async () => {
    expect(await refusal([{ foo: 1 }])).toMatch(
      /outputs\.jsonl:1: no format of stored outputs .* got the keys foo$/,
    );
    expect(await refusal([evalItem({ output: [{ role: 'robot', content: 'x' }] })])).toMatch(
      /:1: OpenAI evaluation output item: sample\.output\[0\]\.role: expected system/,
    );
    expect(await refusal([{ prompt: '?', response: 'x', scores: { s: 'good' } }])).toMatch(
      /scores\."s": expected a number/,
    );
    expect(await refusal([{ prompt: '?', response: 3 }])).toMatch(
      /response: expected the answer as a string, got the number 3/,
    );
    expect(await refusal('{"prompt": "?", "response": ')).toMatch(/:1: not JSON/);
    expect(await refusal('{"prompt":"?","response":"x","__proto__":{}}')).toMatch(
      /:1: the key "__proto__" is not allowed/,
    );
    expect(await refusal('')).toMatch(/the file is empty/);
    expect(await refusal(Array.from({ length: 30 }, () => ({ a: 1 })))).toMatch(/\(29 more like this\)$/);
    expect(await refusal([evalItem({})])).toMatch(
      /expected at least one answer, got none: 1 rows were set aside/,
    );
    const two = ['a', 'b'].map((prompt) => ({ id: 't', prompt, response: 'x' }));
    expect(await refusal(two)).toMatch(/:2: the task "t" has another prompt elsewhere/);
  });
});

it('never throws on a row, whatever stands under the keys of the formats', () => {
  const keys = [
    'datasource_item',
    'sample',
    'results',
    'item',
    'output',
    'outputs',
    'messages',
    'response',
    'prompt',
    'query',
    'scores',
    'grades',
    'choices',
    'message',
    'role',
    'content',
    'tool_calls',
    'function',
    'name',
    'score',
    'inputs.query',
    'inputs.response',
    'outputs.a.b',
    'error',
    'type',
    'text',
  ];
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom('assistant', 'user', 'tool', 'text', '', null, 1, true),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...keys), tie('value'), { maxKeys: 6 }),
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...keys), value), (row) => {
      const known = OUTPUT_FORMATS.find((one) => one.isOne(row as never));
      const read = known?.read(row as never);
      if (read && 'answers' in read) {
        expect(new TaskPool().add(read.task)).toHaveProperty('key');
        for (const { response } of read.answers) expect(typeof response).toBe('string');
      }
    }),
    { numRuns: 300, seed: 5 },
  );
});

describe('tasks of several files', () => {
  it('are one where the prompt is; what rows say differently is no part of them', async () => {
    const pool = new TaskPool();
    pool.know({
      id: 'known',
      messages: [{ role: 'user', content: 'Due?' }],
      reference: 'Yes',
      metadata: { document: 'd' },
    });
    const rows = [
      { prompt: 'Due?', response: 'Yes.', trace: 1 },
      { prompt: 'Paid?', response: 'No.', trace: 1, topic: 'money' },
      { prompt: 'Paid?', response: 'Yes.', trace: 2, topic: 'money' },
    ];
    const { answers, tasks } = await read(rows, pool);
    const [due, paid, again] = answers.map(({ task }) => tasks.get(task)!);
    expect(due).toMatchObject({ id: 'known', reference: 'Yes', metadata: { document: 'd' } });
    expect(paid).toBe(again);
    expect(paid!.metadata).toEqual({ topic: 'money' });
    expect(pool.leftOut()).toEqual(['trace']);
  });
});
