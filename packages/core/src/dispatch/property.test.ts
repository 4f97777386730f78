import { ProviderError, random, type ModelReply, type ReplyCache } from '@touchstone/spec';
import { createEchoProvider, createVirtualClock } from '@touchstone/testing';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createBudget } from './budget.js';
import { createDispatcher } from './dispatcher.js';
import { createBucket } from './limits/bucket.js';

const share = fc.double({ min: 0, max: 0.4, noNaN: true });
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });

const OUTPUT = 16;

const situation = fc.record({
  seed: fc.nat(),
  calls: fc.integer({ min: 1, max: 60 }),
  keys: fc.integer({ min: 1, max: 60 }),
  provider: fc.record({
    error: share,
    reset: share,
    hang: fc.double({ min: 0, max: 0.2, noNaN: true }),
    outputTokens: fc.integer({ min: 0, max: OUTPUT }),
    downFrom: fc.integer({ min: 0, max: 20_000 }),
    downFor: fc.constantFrom(0, 0, 3000, 60_000, Infinity),
    requestsPerMinute: optional(fc.integer({ min: 30, max: 3000 })),
  }),
  options: fc.record({
    concurrency: fc.integer({ min: 1, max: 20 }),
    attempts: fc.integer({ min: 1, max: 6 }),
    timeout_seconds: fc.constantFrom(1, 10, 60),
    outage_seconds: fc.constantFrom(0, 5, 60),
    requests_per_minute: optional(fc.integer({ min: 30, max: 3000 })),
    tokens_per_minute: optional(fc.integer({ min: 500, max: 100_000 })),
    budget: optional(fc.record({ tokens: fc.integer({ min: 1, max: 20_000 }) })),
    hedge: optional(fc.record({ quantile: fc.constant(0.9), after_seconds: fc.constant(0.8), share })),
  }),
  hasFallback: fc.boolean(),
  /** Share of the calls with a deadline. */
  impatient: share,
});

it('whatever fails: every call ends, no key is paid for twice, and neither limit nor budget is exceeded', async () => {
  await fc.assert(
    fc.asyncProperty(situation, async ({ seed, calls, keys, provider, options, hasFallback, impatient }) => {
      const clock = createVirtualClock();
      const { downFrom, downFor, requestsPerMinute, outputTokens, ...faults } = provider;
      const simulator = createEchoProvider({
        clock,
        seed,
        faults,
        outputTokens,
        down: [downFrom, downFrom + downFor],
        limits: requestsPerMinute === undefined ? undefined : { requestsPerMinute },
      });
      const other = createEchoProvider({
        clock,
        seed: seed + 1,
        faults,
        outputTokens,
        id: 'anthropic:other',
      });
      const [ledger, otherLedger] = [simulator.provider.ledger, other.provider.ledger];
      const kept = new Map<string, ModelReply>();
      let twice = 0;
      const cache: ReplyCache = {
        get: async (key) => (await clock.sleep(5), kept.get(key)),
        put: (key, reply) => {
          if (kept.has(key)) twice++;
          kept.set(key, reply);
        },
      };
      const dispatcher = createDispatcher({
        ...options,
        cache,
        clock,
        seed,
        ...(hasFallback ? { fallbacks: [{ model: other.model, concurrency: 3 }] } : {}),
      });
      const draw = random(seed, 'callers');
      const results = await clock.run(
        Promise.all(
          Array.from({ length: calls }, async () => {
            // So long that what a call costs is near what was reserved for it.
            const key = `key ${draw.integer(keys)}`.padEnd(4000, '.');
            const deadline = draw.next() < impatient ? draw.integer(20_000) : undefined;
            await clock.sleep(draw.integer(10_000));
            const controller = new AbortController();
            const endsAt = deadline === undefined ? Infinity : clock.now() + deadline;
            const done = new AbortController();
            if (deadline !== undefined) {
              void clock.sleep(deadline, done.signal).then(() => controller.abort());
            }
            const request = {
              messages: [{ role: 'user' as const, content: key }],
              maxOutputTokens: OUTPUT,
              temperature: 0,
              seed: 1,
              signal: controller.signal,
            };
            const result = await dispatcher.call(simulator.model, request, key);
            done.abort();
            return { key, result, isLate: clock.now() > endsAt };
          }),
        ),
      );
      expect(twice).toBe(0);
      for (const { key, result, isLate } of results) {
        expect(isLate).toBe(false);
        if (result.reply) expect(result.reply.text).toBe(key);
        else expect(result.error).toBeInstanceOf(ProviderError);
      }
      expect(ledger.peakInFlight).toBeLessThanOrEqual(options.concurrency);
      expect(otherLedger.peakInFlight).toBeLessThanOrEqual(3);
      // Whatever was cancelled is cancelled.
      await clock.run(Promise.resolve());
      expect(ledger.inFlight + otherLedger.inFlight).toBe(0);
      const spent = dispatcher.usage();
      const bought = [ledger, otherLedger].flatMap(({ samples }) => [...samples]);
      const tokens = bought.reduce(
        (sum, [prompt, { useful }]) => sum + useful * (Math.ceil(prompt.length / 4) + outputTokens),
        0,
      );
      expect(tokens).toBeLessThanOrEqual(spent.inputTokens + spent.outputTokens);
      expect(spent.inputTokens + spent.outputTokens).toBeLessThanOrEqual(options.budget?.tokens ?? Infinity);
      if (options.requests_per_minute !== undefined) {
        const perMs = options.requests_per_minute / 60_000;
        const { arrivals } = ledger;
        // Whatever window: the rate, and one second's worth that was left over.
        for (let i = 0; i < arrivals.length; i += 7) {
          const inWindow = arrivals.length - i;
          const window = arrivals.at(-1)! - arrivals[i]!;
          expect(inWindow).toBeLessThanOrEqual(perMs * window + Math.max(1, perMs * 1000) + 1 + 1e-6);
        }
      }
    }),
    { numRuns: 150 },
  );
});

it('a bucket never gives more than its rate and its size, and never stops giving', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100_000 }),
      fc.array(fc.record({ amount: fc.double({ min: 0, max: 5000, noNaN: true }), pause: fc.nat(5000) }), {
        minLength: 1,
        maxLength: 100,
      }),
      (perMinute, takes) => {
        const bucket = createBucket(perMinute);
        const size = Math.max(1, perMinute / 60);
        let now = 0;
        let taken = 0;
        for (const { amount, pause } of takes) {
          now += pause;
          const wait = bucket.waitMs(amount, now);
          expect(wait).toBeLessThan(Infinity);
          now += wait;
          expect(bucket.waitMs(amount, now)).toBeLessThan(1e-3);
          bucket.take(amount, now);
          // A large amount is paid for afterwards.
          const allowed = size + (perMinute / 60_000) * now + Math.max(0, amount - size);
          taken += amount;
          expect(taken).toBeLessThanOrEqual(allowed * (1 + 1e-6) + 1e-6);
        }
      },
    ),
  );
});

it('a budget is served in order, and never promised twice', async () => {
  const cost = fc.record({
    atMost: fc.integer({ min: 1, max: 50 }),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 300 }),
      fc.array(cost, { maxLength: 60 }),
      async (tokens, costs) => {
        const budget = createBudget({ tokens });
        let promised = 0;
        let spent = 0;
        const outcomes = await Promise.all(
          costs.map(async ({ atMost, part }) => {
            try {
              const reservation = await budget.reserve(
                { money: 0, tokens: atMost },
                {
                  signal: new AbortController().signal,
                  cancelled: () => new ProviderError('', { reason: 'timeout', isRetryable: false }),
                },
              );
              promised += atMost;
              expect(spent + promised).toBeLessThanOrEqual(tokens);
              await new Promise((resolve) => setImmediate(resolve));
              promised -= atMost;
              const real = Math.floor(atMost * part);
              spent += real;
              reservation.settle({ money: 0, tokens: real });
              return true;
            } catch (error) {
              expect(error).toMatchObject({ reason: 'budget' });
              return false;
            }
          }),
        );
        expect(outcomes).toHaveLength(costs.length);
        // Refused only where it did not fit when nobody else had anything.
        const first = costs[0];
        if (first) expect(outcomes[0]).toBe(first.atMost <= tokens);
      },
    ),
    { numRuns: 50 },
  );
});
