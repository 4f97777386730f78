import type { ModelReply } from '@touchstone/spec';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Clock } from '../clock.js';
import { openRedisCache, type RedisCache } from './redis.js';

const binary = ['redis-server', 'valkey-server'].find(
  (name) => spawnSync(name, ['--version']).error === undefined,
);
const reply: ModelReply = { text: 'ja \u0000 ✓', finish: 'stop', inputTokens: 7, outputTokens: 2 };

let running: ChildProcess[] = [];
let caches: RedisCache[] = [];
let servers: Server[] = [];
afterEach(async () => {
  for (const cache of caches) cache.close();
  for (const child of running) await stop(child);
  for (const server of servers) server.close();
  running = [];
  caches = [];
  servers = [];
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A real server that keeps nothing on disk. */
async function start(port: number, ...more: string[]): Promise<ChildProcess> {
  const child = spawn(
    binary!,
    ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...more],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  running.push(child);
  for await (const chunk of child.stdout!) {
    if (String(chunk).includes('eady to accept connections')) break;
  }
  child.stdout!.destroy();
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** A clock whose pauses between two tries are over when the test says so; other waits are real. */
function open(url: string) {
  const problems: string[] = [];
  let skipped = 0;
  const clock: Pick<Clock, 'now' | 'sleep'> = {
    now: () => performance.now() + skipped,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        signal?.addEventListener('abort', () => (clearTimeout(timer), resolve()));
      }),
  };
  const cache = openRedisCache(url, { onProblem: (problem) => problems.push(problem), clock });
  caches.push(cache);
  return { cache, problems, skip: (ms: number) => void (skipped += ms) };
}

describe.skipIf(binary === undefined)(
  `a real Redis${binary === undefined ? ' (skipped: neither redis-server nor valkey-server is installed)' : ''}`,
  () => {
    it('keeps replies for other processes, and takes nothing else for one', async () => {
      const port = await freePort();
      await start(port);
      const url = `redis://127.0.0.1:${port}`;
      const { cache, problems } = open(url);
      expect(await cache.get('a')).toBeUndefined();
      await cache.put('a', reply);
      await cache.put('b', {
        ...reply,
        model: 'x:y',
        logprobs: [{ token: 'ja', logprob: -0.1, alternatives: [] }],
      });
      const other = open(url).cache;
      expect(await other.get('a')).toEqual(reply);
      expect((await other.get('b'))?.logprobs).toHaveLength(1);
      const { createClient } = await import('@redis/client');
      const client = await createClient({ url }).connect();
      expect(await client.ttl('touchstone:reply:a')).toBeGreaterThan(0);
      for (const text of ['', 'null', '{"text":1}', '{"text":"x","finish":"stop","inputTokens":-1}']) {
        await client.set('touchstone:reply:c', text);
        expect(await other.get('c')).toBeUndefined();
      }
      await client.lPush('touchstone:reply:list', 'x');
      expect(await other.get('list')).toBeUndefined();
      client.destroy();
      expect(problems).toEqual([]);
    });

    it('goes on without it when it is gone, says so once, and uses it again when it is back', async () => {
      const port = await freePort();
      const first = await start(port);
      const { cache, problems, skip } = open(`redis://127.0.0.1:${port}`);
      await cache.put('a', reply);
      await stop(first);
      for (let i = 0; i < 20; i++) {
        expect(await cache.get('a')).toBeUndefined();
        await cache.put('b', reply);
        skip(500);
      }
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain(`127.0.0.1:${port}`);
      await start(port);
      skip(60_000);
      await cache.put('c', reply);
      expect(await cache.get('c')).toEqual(reply);
      expect(problems).toHaveLength(1);
    });

    it('refuses a wrong password without repeating it', async () => {
      const port = await freePort();
      await start(port, '--requirepass', 'right');
      const { cache, problems } = open(`redis://:hunter2@127.0.0.1:${port}`);
      expect(await cache.get('a')).toBeUndefined();
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatch(/WRONGPASS/);
      expect(problems[0]).not.toContain('hunter2');
      const good = open(`redis://:right@127.0.0.1:${port}`);
      await good.cache.put('a', reply);
      expect(await good.cache.get('a')).toEqual(reply);
    });
  },
);

it('does not wait for a server that accepts and then says nothing', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const { cache, problems } = open(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await Promise.all([cache.get('a'), cache.get('b'), cache.put('c', reply)]);
  expect(await cache.get('a')).toBeUndefined();
  expect(problems).toHaveLength(1);
  for (const socket of sockets) socket.destroy();
});

it('refuses an address of another kind without repeating it', () => {
  for (const url of ['http://:hunter2@h:1', 'hunter2', '']) {
    expect(() => openRedisCache(url, { onProblem: () => undefined })).toThrow(
      /expected redis:\/\/HOST:PORT(?!.*hunter2)/,
    );
  }
});
