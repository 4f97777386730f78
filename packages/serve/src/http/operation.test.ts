import { once } from 'node:events';
import { request } from 'node:http';
import type { RewardFunction } from '@touchstone/core';
import { NO_USAGE, type Reward } from '@touchstone/spec';
import { afterEach, describe, expect, it } from 'vitest';
import type { Notice } from '../scoring/notice.js';
import { simulatedJudge, simulatedReward, type ItemBehaviour } from '@touchstone/testing';
import type { RequestRecord } from './log.js';
import { createRewardServer, type RewardServer, type RewardServerOptions } from './server.js';

const running: RewardServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

async function start(options: Partial<RewardServerOptions> = {}) {
  const notices: Notice[] = [];
  const records: RequestRecord[] = [];
  const server = createRewardServer({
    reward: simulatedReward(),
    report: (notice) => void notices.push(notice),
    log: (record) => void records.push(record),
    ...options,
  });
  running.push(server);
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  return { server, url, notices, records };
}

const document = 'Payment is due in 30 days.';
const rollout = (grade: number, does: ItemBehaviour = 'grade') => ({
  messages: [{ role: 'user', content: 'the-prompt' }],
  document,
  response: JSON.stringify([{ quote: 'due in 30 days', grade, does }]),
});
const post = (url: string, path: string, body: unknown) =>
  fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const native = (url: string, ...rollouts: object[]) => post(url, '/v1/rewards', { rollouts });

describe('readiness', () => {
  it('ends when the judge cannot be reached, and comes back with the first verdict', async () => {
    const { url } = await start();
    const ready = async () => (await fetch(`${url}/ready`)).status;
    expect(await ready()).toBe(200);
    // A bad reply says nothing of whether the judge can be reached.
    await native(url, ...Array.from({ length: 30 }, () => rollout(1, 'garble')));
    expect(await ready()).toBe(200);
    await native(url, ...Array.from({ length: 30 }, () => rollout(1, 'fail')));
    expect(await ready()).toBe(503);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    await native(url, rollout(1));
    expect(await ready()).toBe(200);
  });

  it('asks its owner, and ends before the server does', async () => {
    let problem: string | undefined = 'the budget is spent';
    const { server, url } = await start({ ready: () => problem });
    const refusal = await fetch(`${url}/ready`);
    expect(refusal.status).toBe(503);
    expect(await refusal.json()).toEqual({ error: { message: 'the budget is spent' } });
    problem = undefined;
    expect((await fetch(`${url}/ready`)).status).toBe(200);
    const closed = server.close({ afterMs: 1500 });
    running.length = 0;
    expect((await fetch(`${url}/ready`)).status).toBe(503);
    expect((await native(url, rollout(5))).status).toBe(200);
    await closed;
    await expect(fetch(`${url}/health`)).rejects.toThrow('fetch failed');
  });
});

it('does not wait for the rest of a group when it ends', async () => {
  const { server, url } = await start();
  const body = { prompt: 'q', response: rollout(5).response, label: { metadata: { document } } };
  const waiting = post(url, '/slime/object?group_size=2', body);
  const count = async () =>
    /^touchstone_group_waiting (\d)/m.exec(await (await fetch(`${url}/metrics`)).text());
  while ((await count())?.[1] !== '1') await new Promise((resolve) => setImmediate(resolve));
  running.length = 0;
  await server.close();
  expect(await (await waiting).json()).toEqual({ score: 1, judge_ok: 1, reason: null });
});

describe('a client that hangs up', () => {
  it('cancels what nobody else waits for', async () => {
    let signal: AbortSignal | undefined;
    const reward: RewardFunction = {
      score: (_, options) => {
        signal = options?.signal;
        return new Promise<Reward[]>((resolve) => {
          const parts = { components: [], verdicts: [], usage: NO_USAGE };
          const detail = 'cancelled';
          signal!.addEventListener('abort', () =>
            resolve([{ status: 'abstained', reason: 'timeout', detail, ...parts }]),
          );
        });
      },
    };
    for (const [path, body] of [
      ['/v1/rewards', { rollouts: [rollout(1)] }],
      ['/', [{ messages: [...rollout(1).messages, { role: 'assistant', content: 'x' }] }]],
    ] as const) {
      signal = undefined;
      const { url, records } = await start({ reward });
      const sent = request(url + path, { method: 'POST', headers: { 'content-type': 'application/json' } });
      sent.on('error', () => {});
      sent.end(JSON.stringify(body));
      while (signal === undefined) await new Promise((resolve) => setImmediate(resolve));
      sent.destroy();
      const cancelled = signal as AbortSignal;
      if (!cancelled.aborted) await once(cancelled, 'abort');
      while (records.length === 0) await new Promise((resolve) => setImmediate(resolve));
      expect(records).toMatchObject([{ kind: 'request', route: path, status: 499 }]);
    }
  });
});

describe('the log', () => {
  it('has a line a request and a line a sample without a score, and prompts only when asked', async () => {
    for (const logPrompts of [false, true]) {
      const { url, notices, records } = await start({ logPrompts });
      await (await native(url, rollout(5), rollout(1, 'fail'))).text();
      const turns = [...rollout(1).messages, { role: 'assistant', content: rollout(1, 'garble').response }];
      await (await post(url, '/?run=secret', [{ id: 7, messages: turns, document }])).text();
      await fetch(`${url}/no-such-path?key=secret`);
      await fetch(`${url}/health`);
      while (records.length < 3) await new Promise((resolve) => setImmediate(resolve));
      const duration_ms = expect.any(Number) as number;
      const common = { kind: 'request', duration_ms };
      expect(records).toEqual([
        {
          ...common,
          request: 1,
          route: '/v1/rewards',
          method: 'POST',
          status: 200,
          samples: 2,
          scored: 1,
          abstained: 1,
          failed: 0,
        },
        {
          ...common,
          request: 2,
          route: '/',
          method: 'POST',
          status: 200,
          samples: 1,
          scored: 0,
          abstained: 1,
          failed: 0,
        },
        { ...common, request: 3, route: '(other)', method: 'GET', status: 404 },
      ]);
      expect(notices).toMatchObject([
        { kind: 'abstained', request: 1, reason: 'transport' },
        { kind: 'abstained', request: 2, reason: 'unparseable', id: 7 },
      ]);
      const text = JSON.stringify([notices, records]);
      expect([text.includes('the-prompt'), text.includes('due in 30')]).toEqual([logPrompts, logPrompts]);
      expect(text).not.toContain('secret');
    }
  });
});

it('measures requests, samples and groups in the format of Prometheus', async () => {
  const { url } = await start({ reward: simulatedReward(simulatedJudge()) });
  await native(url, rollout(5), rollout(3), rollout(1, 'fail'), { ...rollout(1), document: undefined });
  await post(url, '/slime?group_size=2&deadline_ms=500', {
    prompt: 'q',
    response: 'x',
    label: { metadata: { document } },
  });
  const response = await fetch(`${url}/metrics`);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const lines = (await response.text()).split('\n');
  const post200 = 'http_route="/v1/rewards",http_request_method="POST",http_response_status_code="200"';
  for (const line of [
    '# TYPE http_server_request_duration histogram',
    `http_server_request_duration_count{${post200}} 1`,
    'http_server_active_requests{http_route="/v1/rewards",http_request_method="POST"} 0',
    'touchstone_rewards_total{wire="native",status="scored"} 2',
    'touchstone_rewards_total{wire="native",status="abstained",reason="transport"} 1',
    'touchstone_rewards_total{wire="native",status="failed"} 1',
    'touchstone_reward_score_sum{wire="native"} 1.625',
    'touchstone_group_waiting 0',
    'touchstone_group_judged_total{how="short"} 1',
  ]) {
    expect(lines).toContain(line);
  }
});
