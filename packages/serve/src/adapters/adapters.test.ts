import { afterAll, describe, expect, it } from 'vitest';
import { createRewardServer, type RewardServer, type RewardServerOptions } from '../http/server.js';
import type { Notice } from '../scoring/notice.js';
import { simulatedReward, type ItemBehaviour } from '@touchstone/testing';
import { ADAPTERS } from './index.js';

/*
 * One contract a wire: the request as the trainer sends it, the reply as it reads it. The shapes are those of the
 * trainers' sources (see the comments of each adapter); the values are ours.
 */

const running: RewardServer[] = [];
// All at once: an end grants old connections a second.
afterAll(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

async function start(options: Partial<RewardServerOptions> = {}) {
  const notices: Notice[] = [];
  const server = createRewardServer({
    reward: simulatedReward(),
    report: (notice) => void notices.push(notice),
    ...options,
  });
  running.push(server);
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  async function post(path: string, body: unknown) {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    const reply = JSON.parse(text) as unknown;
    const adapter = ADAPTERS.find((one) => one.path === path.split('?')[0]);
    // The published schema must say what is really sent.
    if (response.status === 200) expect(adapter!.reply.safeParse(reply).error).toBeUndefined();
    return { status: response.status, reply, text, retryAfter: response.headers.get('retry-after') };
  }
  return { post, notices };
}

const document = 'Payment is due in 30 days.';
const answer = (grade: number, does: ItemBehaviour = 'grade') =>
  JSON.stringify([{ quote: 'due in 30 days', grade, does }]);
const refused = (status: number) => ({ status, reply: { error: expect.objectContaining({}) } });
const prompt = '<|im_start|>user\nReview.<|im_end|>\n<|im_start|>assistant\n';
const label = { reference_answer: 'g', metadata: { document } };

describe('OpenRLHF', () => {
  const ask = (...answers: string[]) => ({
    query: answers.map((text) => `${prompt}${text}<|im_end|>`),
    prompts: answers.map(() => prompt),
    labels: answers.map(() => label),
  });

  it('gets lists of numbers, and a log of what was judged', async () => {
    const { post, notices } = await start();
    expect(await post('/openrlhf', ask(answer(3)))).toMatchObject({
      status: 200,
      reply: { rewards: [0.625], scores: [0.625], extra_logs: { judge_ok: [1], invalid_sample: [0] } },
    });
    const mixed = { ...ask(answer(5), answer(5, 'fail'), answer(5)), labels: [label, label, null] };
    expect((await post('/openrlhf', mixed)).reply).toEqual({
      rewards: [1, 0.5, 0.5],
      scores: [1, 0.5, 0.5],
      extra_logs: { judge_ok: [1, 0, 0], invalid_sample: [0, 0, 1] },
    });
    expect(notices.map(({ kind, reason }) => [kind, reason])).toEqual([
      ['abstained', 'transport'],
      ['failed', undefined],
    ]);
    // With several addresses it sends empty lists to all but one.
    expect(await post('/openrlhf', { query: [], prompts: [], labels: [] })).toMatchObject({
      status: 200,
      reply: { rewards: [] },
    });
  });

  it('may send labels as text, and gets the mean of the group for what was not judged', async () => {
    const { post } = await start({ abstention: 'group-mean' });
    const body = ask(answer(5), answer(3), answer(1, 'garble'));
    const texts = { ...body, labels: body.labels.map((one) => JSON.stringify(one)) };
    expect((await post('/openrlhf', texts)).reply).toMatchObject({ rewards: [1, 0.625, 0.8125] });
  });

  it('is told of lists that do not match', async () => {
    const { post } = await start();
    expect(await post('/openrlhf', { query: ['x'], prompts: [], labels: [] })).toMatchObject(refused(400));
    expect(await post('/openrlhf', { query: 'x', prompts: 'y' })).toMatchObject({
      status: 400,
      reply: {
        error: { problems: [expect.stringMatching(/^query: /), expect.stringMatching(/^prompts: /)] },
      },
    });
  });
});

describe('slime', () => {
  it('gets a bare number, from a prompt as text or as messages', async () => {
    const { post } = await start();
    expect((await post('/slime', { prompt, response: `${answer(5)}<|im_end|>`, label })).reply).toBe(1);
    // Python must read a float, or a batch of such numbers is a tensor of integers.
    expect((await post('/slime', { prompt, response: answer(5), label })).text).toBe('1.0');
    const { text } = await post('/openrlhf', {
      query: [`${prompt}${answer(5)}`],
      prompts: [prompt],
      labels: [label],
    });
    expect(text).toBe(
      '{"rewards":[1.0],"scores":[1.0],"extra_logs":{"judge_ok":[1.0],"invalid_sample":[0.0]}}',
    );
    const messages = [{ role: 'user', content: 'Review.' }];
    expect((await post('/slime', { prompt: messages, response: answer(1), label })).reply).toBe(0.25);
    expect((await post('/slime', { prompt: messages, response: answer(1, 'fail'), label })).reply).toBe(0.5);
    expect((await post('/slime', { prompt, response: '', label })).reply).toBe(0);
  });

  it('gets an object under a key, which says what was not judged', async () => {
    const { post } = await start();
    const ask = (response: string) => post('/slime/object', { prompt, response, label });
    expect((await ask(answer(5))).reply).toEqual({ score: 1, judge_ok: 1, reason: null });
    expect((await ask(answer(5, 'garble'))).reply).toEqual({
      score: 0.5,
      judge_ok: 0,
      reason: 'unparseable',
    });
  });

  it('is asked to try again under the policy "fail"', async () => {
    const { post } = await start({ abstention: 'fail' });
    const got = await post('/slime', { prompt, response: answer(5, 'fail'), label });
    expect(got).toMatchObject({ ...refused(503), retryAfter: '5' });
    expect(await post('/slime', { prompt, response: answer(5), label: 'x' })).toMatchObject(refused(422));
  });
});

describe('NeMo Gym', () => {
  const row = (text: string) => ({
    responses_create_params: {
      instructions: 'Be brief.',
      input: [
        { role: 'user', content: [{ type: 'input_text', text: 'Review.' }] },
        { type: 'function_call', name: 'look', arguments: '{}', call_id: '1' },
      ],
      temperature: 1,
    },
    response: {
      id: 'resp_1',
      object: 'response',
      output: [
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'I shall look.' }] },
        { type: 'function_call', name: 'look', arguments: '{}', call_id: '2' },
        { type: 'reasoning', summary: [] },
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text, annotations: [] }] },
      ],
    },
    reference_answer: 'g',
    document,
    _ng_task_index: 3,
    _ng_rollout_index: 1,
  });

  it('gets its request back with the reward', async () => {
    const { post } = await start();
    const body = row(answer(3));
    expect((await post('/verify', body)).reply).toEqual({ ...body, reward: 0.625, mask_sample: false });
  });

  it('gets a sample that was not judged as masked, with its own words for why', async () => {
    const { post } = await start();
    for (const [does, kind] of [
      ['fail', 'judge_failed'],
      ['garble', 'judge_unparseable'],
    ] as const) {
      const body = row(answer(3, does));
      expect((await post('/verify', body)).reply).toEqual({
        ...body,
        reward: 0.5,
        mask_sample: true,
        failure_kind: kind,
        failure_reason: expect.any(String),
        _ng_failure_class: 'judge_failed',
        _ng_failure_judge_error: expect.any(String),
      });
    }
    const { document: _, ...lacking } = row(answer(3));
    expect((await post('/verify', lacking)).reply).toMatchObject({ failure_kind: 'verifier_error' });
    expect(await post('/verify', { response: {} })).toMatchObject(refused(400));
  });
});

describe('eval-protocol', () => {
  const messages = (text: string) => [
    { role: 'user', content: 'Review.' },
    { role: 'assistant', content: text },
  ];

  it('/reward takes extra fields, /evaluate takes them in kwargs; both get a result', async () => {
    const { post } = await start();
    const expected = {
      score: 0.625,
      is_score_valid: true,
      reason: 'judged',
      metrics: {
        length: { score: 1, is_score_valid: true, reason: '' },
        grounding: { score: 1, is_score_valid: true, reason: expect.any(String) },
        judge: { score: 0.5, is_score_valid: true, reason: '' },
        Actionable: { score: 0.5, is_score_valid: true, reason: '' },
      },
    };
    const body = { messages: messages(answer(3)), ground_truth: 'g' };
    expect((await post('/reward', { ...body, document })).reply).toEqual(expected);
    expect((await post('/reward', { ...body, metadata: { document } })).reply).toEqual(expected);
    const truth = [{ role: 'assistant', content: 'g' }];
    expect((await post('/reward', { ...body, ground_truth: truth, document })).reply).toEqual(expected);
    expect((await post('/evaluate', { ...body, kwargs: { document } })).reply).toEqual(expected);
  });

  it('is told that a score is not valid', async () => {
    const { post } = await start();
    const body = { messages: messages(answer(3, 'fail')), document };
    expect((await post('/reward', body)).reply).toMatchObject({
      score: 0.5,
      is_score_valid: false,
      reason: 'the simulator is down',
    });
    expect((await post('/evaluate', { messages: messages(answer(3)) })).reply).toMatchObject({
      is_score_valid: false,
      metrics: {},
    });
    const unanswered = { messages: [{ role: 'user', content: 'Review.' }] };
    expect((await post('/reward', unanswered)).reply).toMatchObject({
      is_score_valid: false,
      reason: expect.stringContaining('expected the last turn to be the assistant answer'),
    });
  });
});

describe('Gemini Cloud Run', () => {
  const body = (text: string, references: object = { reference_answer: 'g', document }) => ({
    example: {
      contents: [{ role: 'user', parts: [{ text: 'Review.' }] }],
      references,
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
    },
    response: { role: 'model', parts: [{ text: 'hm', thought: true }, { text }] },
    metadata: { step: 4, tuning_job_id: 'job-1' },
  });

  it('gets a reward with its parts as text', async () => {
    const { post } = await start();
    const { reply } = await post('/cloud-run', body(answer(3)));
    expect(reply).toEqual({ reward: 0.625, user_requested_aux_info: expect.any(String) });
    const info = JSON.parse((reply as { user_requested_aux_info: string }).user_requested_aux_info) as object;
    expect(info).toMatchObject({ status: 'scored', components: expect.arrayContaining([]) });
  });

  it('gets an error status for what was not judged, or a number where the configuration has one', async () => {
    const masked = await start({ abstention: 'mask' });
    expect(await masked.post('/cloud-run', body(answer(3, 'fail')))).toMatchObject(refused(503));
    expect(await masked.post('/cloud-run', body(answer(3), { key: 'g' }))).toMatchObject(refused(422));
    const neutral = await start({ abstention: 'neutral' });
    expect((await neutral.post('/cloud-run', body(answer(3, 'fail')))).reply).toMatchObject({ reward: 0.5 });
  });
});

it('answers that come one by one are judged as a group, and each reply says so', async () => {
  const { post } = await start({ abstention: 'group-mean', groupWaitMs: 1500 });
  const ask = (grade: number, does?: ItemBehaviour) =>
    post('/slime?group_size=3&run=a', { prompt, response: answer(grade, does), label });
  const whole = await Promise.all([ask(5), ask(1), ask(3, 'fail')]);
  expect(whole.map(({ reply }) => reply)).toEqual([1, 0.25, 0.625]);

  const rollout = (id: string) => {
    return { id, messages: [{ role: 'user', content: id }], document, response: answer(5), group: 'g' };
  };
  const native = (id: string) => post('/v1/rewards', { rollouts: [rollout(id)], run: 'b', group_size: 3 });
  const early = await Promise.all([native('1'), native('2')]);
  for (const { reply } of early) {
    const group = { size: 2, expected: 3, late: false };
    expect(reply).toMatchObject({ rewards: [{ score: 1, group }] });
  }
  const group = { size: 1, expected: 1, late: true };
  expect((await native('3')).reply).toMatchObject({ rewards: [{ id: expect.any(String), group }] });
  expect((await post('/slime?group_size=0', { prompt, response: '', label })).status).toBe(400);
});

it('a request is answered by its deadline with what there is', async () => {
  const { post } = await start();
  const rollouts = [answer(5), answer(5, 'hang')].map((response) => {
    return { messages: [{ role: 'user', content: 'q' }], document, response };
  });
  expect((await post('/v1/rewards', { rollouts, deadline_ms: 1000 })).reply).toMatchObject({
    rewards: [{ score: 1 }, { score: null, reason: 'timeout' }],
  });
  const hanging = { prompt, response: answer(5, 'hang'), label };
  expect((await post('/slime?deadline_ms=50', hanging)).reply).toBe(0.5);
});
