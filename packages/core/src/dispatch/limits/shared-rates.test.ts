import { ProviderError, random } from '@touchstone/spec';
import { excessOver, REDIS, startRedis, WITHOUT_REDIS, type RedisServer } from '@touchstone/testing';
import { once, setMaxListeners } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.js';
import { Lane } from '../lane.js';
import { openRedisLink, type RedisLink } from '../redis/link.js';
import type { Limits } from './declared.js';
import { SharedRates } from './shared-rates.js';

/** 40 a second. */
const PER_MINUTE = 2400;
/** 6 % of a minute's limit, 3.6 s' worth: a quiet machine needs a sixth of it, one with ten busy processes is late by seconds. */
const TOLERATED = 0.06 * PER_MINUTE;
const LIMITS: Limits = {
  concurrency: 1000,
  requests_per_minute: PER_MINUTE,
  tokens_per_minute: undefined,
};

let links: RedisLink[] = [];
let stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const link of links) link.close();
  for (const stop of stops) await stop();
  links = [];
  stops = [];
});

async function redis(): Promise<RedisServer> {
  const server = await startRedis();
  stops.push(() => {
    server.goOn();
    return server.kill();
  });
  return server;
}

/** Forwards what comes on a port of its own, each way so many milliseconds late. */
async function slow(url: string, milliseconds: number): Promise<string> {
  const server: Server = createServer((from) => {
    const to = connect(Number(new URL(url).port), '127.0.0.1');
    const late = (work: () => void) => void setTimeout(work, milliseconds);
    from.on('data', (data) => late(() => to.write(data))).on('error', () => to.destroy());
    to.on('data', (data) => late(() => from.write(data))).on('error', () => from.destroy());
    from.on('close', () => to.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => server.close());
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A lane as a process of its own would have it. */
function openLane(url: string, limits = LIMITS) {
  const problems: string[] = [];
  const onProblem = (problem: string) => void problems.push(problem);
  const link = openRedisLink(url, onProblem);
  links.push(link);
  const options = { adaptive: true, breakAfter: 4, outageMs: 1000, name: 'the model', onProblem };
  const lane = new Lane(limits, options, systemClock, random(1, 'lane'));
  lane.share((rates, user) => new SharedRates('account', rates, link, user));
  const enter = (signal = new AbortController().signal) =>
    lane.enter({
      tokens: 10,
      limits,
      isUrgent: false,
      isPatient: true,
      signal,
      cancelled: () => new ProviderError('over', { reason: 'timeout', isRetryable: false }),
    });
  return { enter, problems };
}
const sleep = (ms: number) => systemClock.sleep(ms);
const REPLY = { text: 'x', finish: 'stop', inputTokens: 5, outputTokens: 5 } as const;

/** All have found Redis, and have nothing to do. */
async function warmUp(lanes: ReturnType<typeof openLane>[]): Promise<void> {
  for (const permit of await Promise.all(lanes.map(({ enter }) => enter()))) permit.succeed(REPLY);
}

/** When calls started that always wait for each of the lanes, until it is over. */
function keepBusy(lanes: ReturnType<typeof openLane>[]) {
  const starts: number[] = [];
  const over = new AbortController();
  setMaxListeners(0, over.signal);
  const client = async ({ enter }: ReturnType<typeof openLane>) => {
    while (!over.signal.aborted) {
      const permit = await enter(over.signal).catch(() => undefined);
      if (permit === undefined) return;
      starts.push(systemClock.now());
      await sleep(50);
      permit.succeed(REPLY);
    }
  };
  const done = Promise.all(lanes.flatMap((lane) => Array.from({ length: 20 }, () => client(lane))));
  return {
    starts,
    async end() {
      over.abort();
      await done;
    },
  };
}
const between = (starts: readonly number[], from: number, to: number) =>
  starts.filter((one) => one >= from && one < to).length;

describe.skipIf(REDIS === undefined)(`rates that processes share on a real Redis${WITHOUT_REDIS}`, () => {
  it('are used up and not exceeded, by a Redis that takes 200 ms to answer too', async () => {
    const { url } = await redis();
    const slowUrl = await slow(url, 100);
    const lanes = Array.from({ length: 6 }, (_, i) => openLane(i % 2 ? slowUrl : url));
    await warmUp(lanes);
    const { starts, end } = keepBusy(lanes);
    await sleep(6000);
    await end();
    expect(excessOver(starts, PER_MINUTE)).toBeLessThanOrEqual(TOLERATED);
    expect(starts.length).toBeGreaterThan(0.5 * 6 * (PER_MINUTE / 60));
  });

  it('are kept in shares while Redis hangs, and together again when it goes on', async () => {
    const server = await redis();
    const lanes = Array.from({ length: 4 }, () => openLane(server.url));
    await warmUp(lanes);
    const { starts, end } = keepBusy(lanes);
    await sleep(2000);
    server.freeze();
    await sleep(7000);
    const [before, after] = [systemClock.now() - 2500, systemClock.now()];
    expect(between(starts, before, after)).toBeGreaterThan(0.5 * 2.5 * (PER_MINUTE / 60));
    server.goOn();
    await sleep(6000);
    const now = systemClock.now();
    await end();
    expect(between(starts, now - 2000, now)).toBeGreaterThan(0.5 * 2 * (PER_MINUTE / 60));
    expect(excessOver(starts, PER_MINUTE)).toBeLessThanOrEqual(TOLERATED);
    for (const { problems } of lanes) expect(problems.length).toBeGreaterThanOrEqual(1);
  });

  it('are a sixteenth for a process that has never reached Redis', async () => {
    const server = await redis();
    await server.kill();
    const lane = openLane(server.url);
    const { starts, end } = keepBusy([lane]);
    await sleep(6000);
    await end();
    const share = (6 * (PER_MINUTE / 60)) / 16;
    expect(starts.length).toBeGreaterThan(share / 3);
    expect(starts.length).toBeLessThan(share * 1.3);
    expect(lane.problems).toHaveLength(1);
  });

  it('pause for all when one is refused', async () => {
    const { url } = await redis();
    // Without a limit of their own: the pause is all that they share.
    const none = { ...LIMITS, requests_per_minute: undefined };
    const [a, b] = [openLane(url, none), openLane(url, none)];
    const held = await b.enter();
    const refused = await a.enter();
    const refusal = { reason: 'rate-limit', isRetryable: true, retryAfterMs: 4000, status: 429 } as const;
    await sleep(700);
    const at = systemClock.now();
    refused.fail(new ProviderError('no', refusal));
    await sleep(1200);
    const next = await b.enter();
    expect(systemClock.now() - at).toBeGreaterThan(3500);
    for (const permit of [held, next]) permit.succeed(REPLY);
  });

  it('are the stricter ones of two that differ, which is said once', async () => {
    const { url } = await redis();
    const [a, b] = [openLane(url), openLane(url, { ...LIMITS, requests_per_minute: 300 })];
    await warmUp([a, b]);
    const { starts, end } = keepBusy([a, b]);
    await sleep(4000);
    await end();
    // Until the second one has said its limit, the first one's holds.
    expect(starts.length).toBeLessThan(4 * 5 + 20);
    expect(a.problems).toEqual([
      expect.stringMatching(/requests_per_minute: 2400 .* requests_per_minute: 300; the lower holds/),
    ]);
    expect(b.problems).toEqual([]);
  });
});
