import { request } from 'node:http';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { RewardRecord } from '../scoring/describe-outcome.js';
import type { Notice } from '../scoring/notice.js';
import { simulatedJudge, simulatedReward, type ItemBehaviour } from '@touchstone/testing';
import { isLoopback } from './access.js';
import { MAX_BODY_BYTES } from './body.js';
import { createLoad } from './load.js';
import { Refusal } from './refusal.js';
import { createRewardServer, type RewardServer, type RewardServerOptions } from './server.js';

const running: RewardServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

async function start(options: Partial<RewardServerOptions> = {}) {
  const notices: Notice[] = [];
  const report = (notice: Notice) => void notices.push(notice);
  const server = createRewardServer({ reward: simulatedReward(), report, ...options });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  running.push(server);
  return { server, url, notices };
}

/** Text and bytes as they are, anything else as JSON. */
function raw(body: unknown): string | Uint8Array<ArrayBuffer> {
  if (body instanceof Uint8Array) return new Uint8Array(body);
  return typeof body === 'string' ? body : JSON.stringify(body);
}

async function post(url: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: raw(body),
  });
  return { status: response.status, body: (await response.json()) as unknown };
}

const document = 'Payment is due in 30 days.';
const answer = (grade: number, does: ItemBehaviour = 'grade') =>
  JSON.stringify([{ quote: 'due in 30 days', grade, does }]);
const messages = [{ role: 'user', content: 'q' }];

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
        money: 0,
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

describe('access', () => {
  it.each(['line\nbreak', 'schlüssel', 'a\u200bb'])(
    'does not start with a key that no header carries',
    async (key) => {
      const started = start({ key });
      await expect(started).rejects.toThrow(/the key of this server cannot be sent in a header/);
      await expect(started).rejects.not.toThrow(key);
    },
  );

  it('needs the key where one is set, but not for health', async () => {
    const { url } = await start({ key: 'the-key' });
    const refused = { status: 401, body: { error: { message: expect.any(String) } } };
    expect(await post(`${url}/`, [])).toEqual(refused);
    for (const authorization of [
      'Bearer',
      'Bearer the-kex',
      'Bearer the-key-2',
      'Basic the-key',
      'the-key',
    ]) {
      expect(await post(`${url}/`, [], { authorization })).toEqual(refused);
      expect(await post(`${url}/v1/rewards`, {}, { authorization })).toEqual(refused);
    }
    // Trainers that can set nothing but an address make the third of it.
    const basic = `Basic ${Buffer.from('any:the-key').toString('base64')}`;
    for (const headers of [
      { authorization: 'Bearer the-key' },
      { 'x-api-key': 'the-key' },
      { authorization: basic },
    ]) {
      expect(await post(`${url}/`, [], headers as Record<string, string>)).toEqual({ status: 200, body: [] });
    }
    expect((await fetch(`${url}/metrics`)).status).toBe(401);
    expect(await (await fetch(`${url}/health`)).json()).toEqual({
      status: 'ok',
      certificate: null,
      certificate_eased: null,
    });
  });

  it('without a key is for loopback: the address it listens on and the name it is called by', async () => {
    const open = createRewardServer({ reward: simulatedReward() });
    await expect(open.listen({ host: '0.0.0.0', port: 0 })).rejects.toThrow('TOUCHSTONE_REWARD_KEY');
    expect(
      ['127.0.0.1', '127.9.9.9', '::1', 'localhost', 'LOCALHOST'].filter((host) => !isLoopback(host)),
    ).toEqual([]);
    expect(
      ['0.0.0.0', '::', '', '128.0.0.1', 'localhost.evil.example', '127.0.0.1.evil.example'].filter(
        isLoopback,
      ),
    ).toEqual([]);

    const { url } = await start();
    const { port } = new URL(url);
    const statusFor = (host: string) =>
      new Promise((resolve, reject) => {
        const headers = { 'content-type': 'application/json', host };
        const sent = request({ port, method: 'POST', headers, host: '127.0.0.1' }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        sent.on('error', reject);
        sent.end('[]');
      });
    expect(await statusFor(`evil.example:${port}`)).toBe(403);
    expect(await statusFor(`localhost:${port}`)).toBe(200);
    expect(await statusFor(`[::1]:${port}`)).toBe(200);

    // Unless something in front of it lets in who may.
    const behind = await start({ isOpen: true });
    const headers = { 'content-type': 'application/json', host: 'rewards.example' };
    const status = new Promise((resolve) => {
      request(behind.url, { method: 'POST', headers }, (response) =>
        resolve(response.resume().statusCode),
      ).end('[]');
    });
    expect(await status).toBe(200);
  });

  it('says when the port is taken', async () => {
    const { url } = await start();
    const second = createRewardServer({ reward: simulatedReward() });
    await expect(second.listen({ host: '127.0.0.1', port: Number(new URL(url).port) })).rejects.toThrow(
      'EADDRINUSE',
    );
  });
});

it('answers what it has begun before it closes, and takes nothing new', async () => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  let begun = (): void => {};
  const started = new Promise<void>((resolve) => (begun = resolve));
  const model = simulatedJudge();
  const slow = {
    ...model,
    generate: async (...args: Parameters<typeof model.generate>) => {
      begun();
      await held;
      return model.generate(...args);
    },
  };
  const { server, url } = await start({ reward: simulatedReward(slow) });
  const sample = { id: 's', messages: [...messages, { role: 'assistant', content: answer(5) }], document };
  const pending = post(`${url}/`, [sample]);
  await started;
  // One that connected and says nothing must not hold up the end.
  const silent = connect(Number(new URL(url).port), '127.0.0.1');
  await new Promise<void>((resolve) => silent.once('connect', resolve));
  silent.on('error', () => {});
  const closed = server.close();
  running.length = 0;
  // Whoever has connected is let in first.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const refused = connect(Number(new URL(url).port), '127.0.0.1');
  const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNREFUSED');
  release();
  expect(await pending).toMatchObject({ status: 200, body: [{ id: 's', aggregate_reward_score: 1 }] });
  await closed;
});

describe('connections', () => {
  /** Sends a request on a connection, and reads the head of its reply. */
  async function ask(socket: Socket, path = '/health'): Promise<string> {
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    const [reply] = (await once(socket, 'data')) as [Buffer];
    return reply.toString();
  }

  it('are promised to stay open longer than a load balancer keeps them', async () => {
    const { url } = await start();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    expect(Number(/keep-alive: timeout=(\d+)/i.exec(await ask(socket))![1])).toBeGreaterThan(75);
    socket.destroy();
  });

  it('that are open when the server ends have their next request answered, and are told to close', async () => {
    const { server, url } = await start();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    expect(await ask(socket)).not.toMatch(/connection: close/i);
    const closed = server.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await ask(socket)).toMatch(/^HTTP\/1\.1 200 .*connection: close/is);
    await closed;
    running.length = 0;
  });

  it('are answered by the limit of the end with what there is', async () => {
    const { server, url } = await start();
    const rollouts = [answer(5), answer(5, 'hang')].map((response) => ({ messages, document, response }));
    const pending = post(`${url}/v1/rewards`, { rollouts });
    while (
      !/active_requests{http_route="\/v1\/rewards"[^}]*} 1/.test(await (await fetch(`${url}/metrics`)).text())
    );
    const closed = server.close({ limitMs: 300 });
    expect((await pending).body).toMatchObject({
      rewards: [{ score: 1 }, { score: null, reason: 'timeout' }],
    });
    await closed;
    running.length = 0;
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
