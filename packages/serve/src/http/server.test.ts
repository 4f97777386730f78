import { request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import type { RewardRecord } from '../scoring/describe-outcome.js';
import { MAX_BODY_BYTES } from './body.js';
import { createLoad } from './load.js';
import { Refusal } from './refusal.js';
import { answer, closeServers, document, messages, post, start } from './server.testing.js';

afterAll(closeServers);

describe('the native call', () => {
  it('takes a task or its keys, and gives every part of the reward', async () => {
    const { url, notices } = await start();
    const { status, body } = await post(`${url}/v1/rewards`, {
      rollouts: [
        {
          id: 'r1',
          task: { id: 't', messages, reference: 'g', metadata: { document } },
          response: answer(5),
        },
        { messages, reference: 'g', metadata: { document }, response: answer(3) },
        { id: 'r3', messages, document, response: answer(1, 'fail') },
        { id: 'r4', messages, response: answer(1) },
        { id: 'r5', messages, document, response: '' },
      ],
    });
    expect(status).toBe(200);
    const { rewards } = body as { rewards: RewardRecord[] };
    expect(rewards.map(({ id, score }) => [id, score])).toEqual([
      ['r1', 1],
      [expect.stringMatching(/^task-/), 0.625],
      ['r3', null],
      ['r4', null],
      ['r5', 0],
    ]);
    expect(rewards[0]).toEqual({
      id: 'r1',
      status: 'scored',
      score: 1,
      components: [
        { name: 'length', kind: 'check', weight: 0, contribution: 0, score: 1 },
        {
          name: 'grounding',
          kind: 'check',
          weight: 0.25,
          contribution: 0.25,
          score: 1,
          detail: expect.any(String),
        },
        { name: 'judge', kind: 'judge', weight: 0.75, contribution: 0.75, score: 1 },
        { name: 'Actionable', kind: 'criterion', weight: 0, contribution: 0, score: 1 },
      ],
      verdicts: [
        {
          item: 0,
          status: 'scored',
          score: 1,
          criteria: [
            {
              criterion: 'Actionable',
              evidence: JSON.stringify({ quote: 'due in 30 days', grade: 5, does: 'grade' }),
              reason: 'by rule',
              value: 5,
              score: 1,
            },
          ],
        },
      ],
      usage: {
        calls: 1,
        saved: 0,
        input_tokens: expect.any(Number),
        output_tokens: expect.any(Number),
        money: null,
      },
    });
    expect(rewards[2]).toMatchObject({
      status: 'abstained',
      reason: 'transport',
      detail: 'the simulator is down',
    });
    expect(rewards[3]).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('metadata.document'),
    });
    expect(notices.map(({ kind, id }) => [kind, id])).toEqual([
      ['abstained', 'r3'],
      ['failed', 'r4'],
    ]);
  });

  it('names what is wrong with a rollout in its own reward, and judges the others', async () => {
    const { url } = await start();
    const good = { messages, document, response: answer(5) };
    const { status, body } = await post(`${url}/v1/rewards`, {
      rollouts: [good, { messages }, null, { ...good, id: 3 }, { task: { messages: 'x' }, response: '' }],
    });
    expect(status).toBe(200);
    expect((body as { rewards: RewardRecord[] }).rewards).toMatchObject([
      { status: 'scored', score: 1 },
      {
        status: 'failed',
        score: null,
        detail: expect.stringMatching(/^response: expected the answer as text/),
      },
      { id: 'sample-2', score: null, detail: 'expected a JSON object' },
      { id: '3', score: 1 },
      { score: null, detail: expect.stringMatching(/^messages: /) },
    ]);
    for (const wrong of [[], { rollouts: {} }, null, 'x']) {
      expect((await post(`${url}/v1/rewards`, JSON.stringify(wrong))).status).toBe(400);
    }
    expect(await post(`${url}/v1/rewards`, { rollouts: [] })).toEqual({ status: 200, body: { rewards: [] } });
  });
});

describe('requests', () => {
  it('that are wrong are told so in JSON', async () => {
    const { url, notices } = await start();
    const error = { error: { message: expect.any(String) } };
    expect(await post(`${url}/`, '{"a":')).toEqual({ status: 400, body: error });
    expect(await post(`${url}/`, new Uint8Array([0x22, 0xff, 0x22]))).toEqual({ status: 400, body: error });
    expect(await post(`${url}/`, '"text"')).toMatchObject({ status: 400 });
    expect(await post(`${url}/`, '[]', { 'content-type': 'text/plain' })).toEqual({
      status: 415,
      body: error,
    });
    expect(await post(`${url}/v2/rewards`, '[]')).toEqual({ status: 404, body: error });
    expect(await post(`${url}/__proto__`, '[]')).toEqual({ status: 404, body: error });
    const get = await fetch(`${url}/v1/rewards`);
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
    expect(notices).toEqual([]);
  });

  it('that are too large are refused, with and without a length', async () => {
    const { url } = await start();
    const large = new Uint8Array(MAX_BODY_BYTES + 1).fill(0x20);
    expect(await post(`${url}/`, large)).toMatchObject({ status: 413 });
    const chunked = await new Promise<number | undefined>((resolve, reject) => {
      const sent = request(
        url,
        { method: 'POST', headers: { 'content-type': 'application/json' } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      sent.on('error', reject);
      sent.write(large);
      sent.end();
    });
    expect(chunked).toBe(413);
    // The server is none the worse for it.
    expect(await post(`${url}/`, [])).toEqual({ status: 200, body: [] });
  });

  it('that hang up half way, or are no HTTP, leave the server standing', async () => {
    const { url, notices } = await start();
    const { port } = new URL(url);
    for (const text of [
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n[',
      'no HTTP at all\r\n\r\n',
      'GET //[ HTTP/1.1\r\nHost: localhost\r\n\r\n',
    ]) {
      const socket = connect(Number(port), '127.0.0.1');
      await new Promise<void>((resolve) => socket.write(text, () => resolve()));
      await new Promise((resolve) => setTimeout(resolve, 20));
      socket.destroy();
    }
    expect(await post(`${url}/`, [])).toEqual({ status: 200, body: [] });
    expect(notices).toEqual([]);
  });
});

describe('a request that asks for much', () => {
  it('is refused with what to do, whichever way it is large', async () => {
    const { url } = await start();
    const told = async (body: unknown, headers = {}) => {
      const reply = await post(`${url}/v1/rewards`, body, headers);
      return [reply.status, (reply.body as { error: { message: string } }).error.message];
    };
    const row = { messages, response: '' };
    expect(await told({ rollouts: Array.from({ length: 5000 }, () => row) })).toEqual([
      413,
      expect.stringContaining('at most 4096 samples'),
    ]);
    expect(await told(`{"rollouts":[${'{},'.repeat(200_001)}{}]}`)).toEqual([
      413,
      expect.stringContaining('200000 values'),
    ]);
    expect(await told(`{"rollouts":${'['.repeat(300)}`)).toEqual([
      400,
      expect.stringContaining('nested deeper'),
    ]);
    expect(await told({ rollouts: [] }, { 'content-encoding': 'gzip' })).toEqual([415, expect.any(String)]);
    expect(await told({ rollouts: [] }, { 'content-type': 'application/json; charset=utf-16' })).toEqual([
      415,
      expect.any(String),
    ]);
    // What looks like structure inside a text is none.
    const text = `\\"[{,:${'[,\\\\"'.repeat(100_000)}`;
    expect((await post(`${url}/v1/rewards`, { rollouts: [{ ...row, document: text }] })).status).toBe(200);
  });

  it('is told of its first faults, and how many more there are', async () => {
    const { url } = await start();
    const bad = { messages: Array.from({ length: 500 }, () => 3), response: '' };
    const { body } = await post(`${url}/v1/rewards`, { rollouts: [bad] });
    expect((body as { rewards: RewardRecord[] }).rewards[0]!.detail).toMatch(/and 490 more$/);
  });

  it('leaves others their turn', async () => {
    const { url } = await start();
    const rollouts = Array.from({ length: 4000 }, () => ({ messages, document, response: answer(1) }));
    let isDone = false;
    const pending = post(`${url}/v1/rewards`, { rollouts }).finally(() => (isDone = true));
    let turns = 0;
    while (!isDone) {
      await (await fetch(`${url}/health`)).text();
      turns++;
    }
    expect((await pending).status).toBe(200);
    expect(turns).toBeGreaterThan(3);
  });

  it('waits its turn when there is no room for its body', () => {
    const load = createLoad();
    const clients = [new AbortController(), new AbortController()];
    const [one, other] = clients.map(({ signal }) => load.takeOn(signal));
    one!(100 * 2 ** 20);
    expect(() => other!(30 * 2 ** 20)).toThrow('try again');
    clients[0]!.abort();
    other!(30 * 2 ** 20);
    const many = Array.from({ length: 4095 }, () => new AbortController());
    for (const { signal } of many) load.takeOn(signal);
    expect(() => load.takeOn(new AbortController().signal)).toThrow(Refusal);
    many[0]!.abort();
    load.takeOn(new AbortController().signal);
  });
});
