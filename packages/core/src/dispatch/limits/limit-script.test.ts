import type { RedisClientType } from '@redis/client';
import { excessOver, REDIS, startRedis, WITHOUT_REDIS, type RedisServer } from '@touchstone/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LIMIT, limitArguments, readGranted, type LimitCall } from './limit-script.js';

/** The script on a clock of the test's own; all else is as it runs. */
const ON_OWN_CLOCK = LIMIT.replace("redis.call('TIME')", '{ ARGV[17], ARGV[18] }');
const FORGET_MS = 15_000;
const KEYS = ['limit', 'limit:processes'];
/** 10 a second; the bucket holds what comes in a quarter of a second. */
const PER_MINUTE = 600;
const BURST = 2.5;

describe.skipIf(REDIS === undefined)(
  `the limits that processes share, in a real Redis${WITHOUT_REDIS}`,
  () => {
    let server: RedisServer;
    let client: RedisClientType;
    beforeAll(async () => {
      server = await startRedis();
      const { createClient } = await import('@redis/client');
      client = createClient({ url: server.url }) as unknown as RedisClientType;
      await client.connect();
    });
    afterAll(async () => {
      client.destroy();
      await server.kill();
    });
    beforeEach(() => client.flushAll());

    interface Said extends Partial<Omit<LimitCall, 'requests' | 'tokens'>> {
      now: number;
      wanted?: number;
      unused?: number;
      limit?: number | undefined;
      wantedTokens?: number;
      tokenLimit?: number;
    }
    async function say({ now, wanted = 0, unused = 0, wantedTokens = 0, tokenLimit, ...more }: Said) {
      const call: LimitCall = {
        id: more.id ?? 'a',
        isLeaving: more.isLeaving ?? false,
        known: more.known ?? 0,
        pauseMs: more.pauseMs ?? 0,
        requests: { declared: 'limit' in more ? more.limit : PER_MINUTE, wanted, unused, last: 1 },
        tokens: { declared: tokenLimit, wanted: wantedTokens, unused: 0, last: 100 },
      };
      const time = [Math.floor(now / 1000), (now % 1000) * 1000].map(String);
      const args = [...limitArguments(call, FORGET_MS), ...time];
      return readGranted(await client.eval(ON_OWN_CLOCK, { keys: KEYS, arguments: args }))!;
    }

    it('never lets more through than the limit and a quarter of a second of it, and leaves nothing unused that is wanted', async () => {
      const step = fc.record({
        process: fc.integer({ min: 0, max: 7 }),
        afterMs: fc.oneof(
          fc.constant(0),
          fc.integer({ min: 0, max: 400 }),
          fc.integer({ min: 0, max: 4000 }),
        ),
        wanted: fc.integer({ min: 1, max: 2 }),
        isLeaving: fc.boolean(),
        wantedTokens: fc.integer({ min: 0, max: 200 }),
      });
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 1, maxLength: 60 }),
          fc.boolean(),
          async (steps, hasTokens) => {
            await client.flushAll();
            let now = 1e12;
            const slots: number[] = [];
            for (const { process, afterMs, wanted, isLeaving, wantedTokens } of steps) {
              now += afterMs;
              const id = `${process}`;
              if (isLeaving) {
                await say({ now, id, isLeaving });
                continue;
              }
              const tokens = hasTokens ? { tokenLimit: 6000, wantedTokens } : {};
              const { waitMs } = await say({ now, id, wanted, ...tokens });
              for (let i = 0; i < wanted; i++) slots.push(now + waitMs);
            }
            slots.sort((a, b) => a - b);
            // Waits are whole milliseconds.
            expect(excessOver(slots, PER_MINUTE)).toBeLessThanOrEqual(BURST + 0.1);
          },
        ),
        { numRuns: 60, seed: 7 },
      );
    });

    it('serves who comes first first, and uses all of the limit', async () => {
      const slots: number[] = [];
      for (let i = 0; i < 100; i++)
        slots.push((await say({ now: 1e12 + i, id: `${i % 16}`, wanted: 1 })).waitMs + i);
      expect(slots).toEqual([...slots].sort((a, b) => a - b));
      expect(slots.at(-1)! - 9750).toBeLessThan(10);
    });

    it('lets a request through that is larger than the bucket, and makes up for it', async () => {
      const wants = { now: 1e12, limit: undefined, tokenLimit: 6000, wantedTokens: 1000 };
      expect((await say(wants)).waitMs).toBe(0);
      // 950 of debt and a full bucket of 25, at 0.1 a millisecond.
      expect((await say(wants)).waitMs).toBe(10_000);
    });

    it('does without the share of a process that has fallen silent, until it is forgotten', async () => {
      const at = 1e12;
      for (const id of ['a', 'b', 'c', 'd']) await say({ now: at, id });
      await say({ now: at, id: 'd', isLeaving: true });
      const beat = async (now: number) => {
        for (const id of ['a', 'b']) await say({ now, id });
      };
      await beat(at + 1000);
      // 102.5 in debt, as the bucket was full.
      expect(await say({ now: at + 1000, id: 'a', wanted: 105 })).toMatchObject({ waitMs: 0, all: 3 });
      expect((await say({ now: at + 1000, id: 'a', wanted: 2.5 })).waitMs).toBe(10_500);
      await beat(at + 1001);
      await say({ now: at + 1001, id: 'a', unused: 2.5 });
      // `c` has said nothing for longer than it may: 104.99 of debt, at 10 · ⅔ a second, one second of which is over.
      await beat(at + 2001);
      expect((await say({ now: at + 2001, id: 'a', wanted: 2.5 })).waitMs).toBe(14_749);
      for (let now = at + 2500; now < at + 16_500; now += 500) await beat(now);
      expect((await say({ now: at + 16_500, id: 'b' })).all).toBe(2);
    });

    it('counts who was known before its keys were lost, and what they had taken', async () => {
      const at = 1e12;
      const first = await say({ now: at, id: 'a', known: 16, wanted: 1 });
      // 16 in debt; one process of 16 gets its share alone: 10 / 16 a second.
      expect(first.all).toBe(16);
      expect(first.waitMs).toBe(17 * 1600);
      for (let i = 0; i < 16; i++) await say({ now: at + 100, id: `${i}`, known: 16 });
      expect((await say({ now: at + 100, id: 'a', wanted: 1 })).waitMs).toBeLessThan(2000);
    });

    it('is not stopped by a clock that is set back, and lets nothing more through', async () => {
      const at = 1e12;
      for (const id of ['a', 'b']) await say({ now: at, id, wanted: 10 });
      const before = await say({ now: at, id: 'a', wanted: 1 });
      await say({ now: at, id: 'a', pauseMs: 5000 });
      const back = at - 3_600_000;
      await say({ now: back, id: 'b' });
      const after = await say({ now: back, id: 'a', wanted: 1 });
      expect(after.all).toBe(2);
      expect(after.pauseMs).toBe(0);
      expect(after.waitMs).toBe(before.waitMs + 100);
      const later = await say({ now: back + 1_000, id: 'a', wanted: 1 });
      expect(later.waitMs).toBeLessThan(after.waitMs);
    });

    it('keeps to the stricter of two limits while both are declared, and tells of a pause', async () => {
      const at = 1e12;
      await say({ now: at, id: 'a', limit: 600 });
      expect((await say({ now: at, id: 'b', limit: 300 })).requestsPerMinute).toBe(300);
      expect((await say({ now: at + 10_000, id: 'a', limit: 600 })).requestsPerMinute).toBe(300);
      expect((await say({ now: at + 16_000, id: 'a', limit: 600 })).requestsPerMinute).toBe(600);
      expect((await say({ now: at + 16_000, id: 'c', limit: undefined })).requestsPerMinute).toBe(600);
      await say({ now: at + 17_000, id: 'a', pauseMs: 2000 });
      expect((await say({ now: at + 17_500, id: 'b' })).pauseMs).toBe(1500);
    });

    it('leaves keys that go when nobody uses them', async () => {
      await say({ now: 1e12, wanted: 1 });
      for (const key of KEYS) expect(await client.pTTL(key)).toBeGreaterThan(0);
    });
  },
);
