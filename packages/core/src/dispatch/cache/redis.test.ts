import type { ModelReply } from '@touchstone/spec';
import { REDIS, startRedis, WITHOUT_REDIS, type RedisServer } from '@touchstone/testing';
import { once, setMaxListeners } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.js';
import { openRedisLink, type RedisLink } from '../redis/link.js';
import { openRedisCache } from './redis.js';

const reply: ModelReply = { text: 'ja \u0000 ✓', finish: 'stop', inputTokens: 7, outputTokens: 2 };
const never = new AbortController().signal;
setMaxListeners(0, never);

let running: RedisServer[] = [];
let links: RedisLink[] = [];
let servers: Server[] = [];
afterEach(async () => {
  for (const link of links) link.close();
  for (const server of running) await server.kill();
  for (const server of servers) server.close();
  running = [];
  links = [];
  servers = [];
});

async function start(...settings: string[]): Promise<RedisServer> {
  const server = await startRedis(...settings);
  running.push(server);
  return server;
}

/** As a process of its own would. */
function open(url: string) {
  const problems: string[] = [];
  const link = openRedisLink(url, (problem) => problems.push(problem));
  links.push(link);
  return { ...openRedisCache(link), link, problems };
}

/** The same, connected. */
async function reach(url: string) {
  const opened = open(url);
  await until(async () => (await opened.get('nothing'), opened.link.wasReached()));
  return opened;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** What came, and undefined while nothing has. */
function watch<T>(work: Promise<T>): { came?: { value: T } } {
  const watched: { came?: { value: T } } = {};
  void work.then((value) => (watched.came = { value }));
  return watched;
}
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe.skipIf(REDIS === undefined)(`a real Redis${WITHOUT_REDIS}`, () => {
  it('keeps replies for other processes, and takes nothing else for one', async () => {
    const { url } = await start();
    const { get, put, problems } = await reach(url);
    expect(await get('a')).toBeUndefined();
    await put('a', reply);
    await put('b', {
      ...reply,
      model: 'x:y',
      logprobs: [{ token: 'ja', logprob: -0.1, alternatives: [] }],
    });
    const other = await reach(url);
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
    expect(await other.get('a')).toEqual(reply);
    client.destroy();
    expect(problems).toEqual([]);
  });

  it('goes on without it when it is gone, says so once, and gives it what it missed when it is back', async () => {
    const server = await start();
    const { get, put, problems } = await reach(server.url);
    await put('a', reply);
    await server.kill();
    for (let i = 0; i < 20; i++) {
      expect(await get('a')).toBeUndefined();
      await put('b', reply);
    }
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(server.url.slice('redis://'.length));
    await server.start();
    const other = open(server.url);
    await until(async () => (await other.get('a')) !== undefined && (await other.get('b')) !== undefined);
    expect(problems).toHaveLength(1);
  });

  it('refuses a wrong password without repeating it', async () => {
    const { url } = await start('--requirepass', 'right');
    const { get, problems } = open(url.replace('//', '//:hunter2@'));
    expect(await get('a')).toBeUndefined();
    await until(() => problems.length > 0);
    await pause(500);
    expect(await get('a')).toBeUndefined();
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/WRONGPASS/);
    expect(problems[0]).not.toContain('hunter2');
    const good = await reach(url.replace('//', '//:right@'));
    await good.put('a', reply);
    expect(await good.get('a')).toEqual(reply);
  });

  it('lets one process ask, and has the others wait for its reply', async () => {
    const { url } = await start();
    const all = await Promise.all(Array.from({ length: 16 }, () => reach(url)));
    const asked = all.map((one) => watch(one.reserve!('k', never)));
    await until(() => asked.some(({ came }) => came));
    await pause(500);
    const first = asked.findIndex(({ came }) => came);
    expect(asked.filter(({ came }) => came)).toHaveLength(1);
    // Other questions are nobody's business.
    expect(await all[(first + 1) % 16]!.reserve!('other', never)).toBeUndefined();
    await all[first]!.put('k', reply);
    await until(() => asked.every(({ came }) => came));
    expect(asked.filter(({ came }) => came!.value === undefined)).toHaveLength(1);
  });

  it('hands the right to ask on when it is given back, and never to who does not wait any more', async () => {
    const { url } = await start();
    const [a, b, c] = [await reach(url), await reach(url), await reach(url)];
    expect(await a.reserve!('k', never)).toBeUndefined();
    const leaving = new AbortController();
    const left = b.reserve!('k', leaving.signal);
    const waiting = watch(c.reserve!('k', never));
    await pause(300);
    leaving.abort();
    expect(await left).toBeUndefined();
    expect(waiting.came).toBeUndefined();
    await a.release!('k');
    await until(() => waiting.came !== undefined);
    // What is not held is not given back.
    await a.release!('k');
    const again = watch(b.reserve!('k', never));
    await pause(500);
    expect(again.came).toBeUndefined();
    await c.put('k', reply);
    await until(() => again.came !== undefined);
    expect(again.came!.value).toEqual(reply);
  });

  it('keeps who is asking through a restart that loses all', async () => {
    const server = await start();
    const [a, b] = [await reach(server.url), await reach(server.url)];
    expect(await a.reserve!('k', never)).toBeUndefined();
    expect(await b.get('k')).toBeUndefined();
    await server.kill();
    const whileAway = watch(b.reserve!('k', never));
    await pause(300);
    await server.start();
    const afterwards = watch(b.reserve!('k', never));
    await pause(3500);
    expect([whileAway.came, afterwards.came]).toEqual([undefined, undefined]);
    await a.put('k', reply);
    await until(() => whileAway.came !== undefined && afterwards.came !== undefined);
    expect([whileAway.came!.value, afterwards.came!.value]).toEqual([reply, reply]);
  });

  it('asks all the same when Redis stays away, or will not keep anything', async () => {
    const server = await start();
    const a = await reach(server.url);
    await server.kill();
    expect(await a.reserve!('k', never)).toBeUndefined();
    const full = await reach((await start('--maxmemory', '1', '--maxmemory-policy', 'noeviction')).url);
    expect(await full.reserve!('k', never)).toBeUndefined();
    await full.put('k', reply);
    expect(full.problems).toHaveLength(1);
    expect(full.problems[0]).toMatch(/OOM/);
  });

  it('waits longer for one that is silent: it may be this machine that has no time', async () => {
    const server = await start();
    const [a, b] = [await reach(server.url), await reach(server.url)];
    server.freeze();
    const asked = [a.reserve!('k', never), b.reserve!('k', never)];
    const first = await Promise.race([...asked, systemClock.sleep(12_000).then(() => 'later')]);
    server.goOn();
    expect(first).toBe('later');
    // One of them may ask, and the other gets its reply.
    const mayAsk = await Promise.race(asked.map(async (one, i) => ((await one) === undefined ? i : -1)));
    await [a, b][mayAsk]!.put('k', reply);
    expect(await asked[1 - mayAsk]).toEqual(reply);
  });
});

it('does not wait for a server that accepts and then says nothing', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const { get, put, problems } = open(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await Promise.all([get('a'), get('b'), put('c', reply)]);
  expect(await get('a')).toBeUndefined();
  await until(() => problems.length > 0);
  expect(problems).toHaveLength(1);
  for (const socket of sockets) socket.destroy();
});

it('refuses an address of another kind without repeating it', () => {
  for (const url of ['http://:hunter2@h:1', 'hunter2', '']) {
    expect(() => openRedisLink(url, () => undefined)).toThrow(/expected redis:\/\/HOST:PORT(?!.*hunter2)/);
  }
});
