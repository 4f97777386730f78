import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { simulatedJudge, simulatedReward } from '@touchstone/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { answer, closeServers, document, messages, post, running, start } from './server.testing.js';

afterEach(closeServers);

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
