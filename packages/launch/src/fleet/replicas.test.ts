import { random } from '@touchstone/spec';
import { describe, expect, it } from 'vitest';
import { fleetPlanText } from './plan-text.js';
import { planFleet, type Demand, type Lane } from './replicas.js';

const lane = (more: Partial<Lane> = {}): Lane => ({
  model: 'openai-compatible:m',
  calls: 1,
  tokens: 5000,
  requestsPerMinute: undefined,
  tokensPerMinute: undefined,
  concurrency: 8,
  ...more,
});
const demand = (more: Partial<Demand> = {}): Demand => ({
  answers: 512,
  lanes: [lane()],
  latency: { p50: 4, p99: 4 },
  cpuSeconds: 0.01,
  gathers: false,
  ...more,
});

describe('a fleet', () => {
  it("waits for the provider's requests: 1,200 a minute are 20 a second, which keep 80 calls of 4 s in flight", () => {
    const plan = planFleet(demand({ lanes: [lane({ requestsPerMinute: 1200, concurrency: 64 })] }));
    expect(plan).toEqual({
      replicas: 2,
      maxReplicas: 2,
      answersPerSecond: 20,
      seconds: (512 - 80) / 20 + 4,
      bottleneck: 'requests_per_minute',
      model: 'openai-compatible:m',
      concurrencyNeeded: 40,
      inFlightTarget: 64,
    });
  });

  it('waits for the tokens where they are the lower limit, of all calls of an answer', () => {
    const limits = { requestsPerMinute: 1200, tokensPerMinute: 3_000_000, concurrency: 64 };
    // 50,000 tokens a second are 10 calls of 5,000, and 5 answers of two calls each.
    const plan = planFleet(demand({ lanes: [lane({ ...limits, calls: 2 })] }));
    expect(plan).toMatchObject({
      bottleneck: 'tokens_per_minute',
      answersPerSecond: 5,
      seconds: (512 - 20) / 5 + 4,
    });
  });

  it('waits for places: two servers with 8 make 16 calls of 4 s, 4 a second; with 256 nothing waits', () => {
    const few = planFleet(demand());
    expect(few).toMatchObject({ bottleneck: 'concurrency', answersPerSecond: 4, concurrencyNeeded: 256 });
    expect(few).toMatchObject({ replicas: 2, maxReplicas: 16, inFlightTarget: 8 });
    const enough = planFleet(demand({ lanes: [lane({ concurrency: few.concurrencyNeeded })] }));
    expect(enough).toMatchObject({ bottleneck: 'latency', seconds: 4, model: null });
  });

  it('has as many servers as the processor time needs: 1,000 answers a second of 10 ms at 0.7 are 15', () => {
    const fast = { latency: { p50: 1, p99: 1 }, lanes: [lane({ concurrency: 1000 })] };
    expect(planFleet(demand({ ...fast, answers: 1000 }))).toMatchObject({ replicas: 15, maxReplicas: 15 });
    expect(planFleet(demand({ answers: 100_000, lanes: [], gathers: true }))).toMatchObject({
      bottleneck: 'processor',
      replicas: 1,
      maxReplicas: 1,
      answersPerSecond: 70,
    });
  });

  it('waits for the processor alone where checks decide alone', () => {
    const plan = planFleet(demand({ lanes: [], answers: 1400 }));
    expect(plan).toMatchObject({ replicas: 2, bottleneck: 'processor', answersPerSecond: 140, seconds: 10 });
  });

  it('lets the model with the least room for answers decide, and says which it is', () => {
    const plan = planFleet(
      demand({
        lanes: [
          lane({ model: 'a:wide', requestsPerMinute: 6000, concurrency: 512 }),
          lane({ model: 'b:narrow', requestsPerMinute: 600, concurrency: 512 }),
        ],
      }),
    );
    expect(plan).toMatchObject({
      bottleneck: 'requests_per_minute',
      model: 'b:narrow',
      answersPerSecond: 10,
    });
  });

  it('takes as long as one that is simulated call by call', () => {
    const latency = { p50: 4, p99: 15 };
    const sigma = Math.log(latency.p99 / latency.p50) / 2.3263;
    for (const [concurrency, perMinute] of [
      [16, Infinity],
      [256, 600],
      [64, 1200],
      [400, Infinity],
    ] as const) {
      const { normal } = random(concurrency, 'latency');
      // Two servers' places; a call starts when a place is free, and no sooner than the rate allows.
      const free = Array.from({ length: 2 * concurrency }, () => 0);
      const ends: number[] = [];
      for (let i = 0; i < 512; i++) {
        const place = free.indexOf(Math.min(...free));
        const start = Math.max(free[place]!, (i * 60) / perMinute);
        free[place] = start + latency.p50 * Math.exp(sigma * normal());
        ends.push(free[place]);
      }
      const simulated = ends.sort((a, b) => a - b)[Math.floor(0.99 * ends.length)]!;
      const limit = perMinute === Infinity ? {} : { requestsPerMinute: perMinute };
      const plan = planFleet(demand({ latency, lanes: [lane({ concurrency, ...limit })] }));
      expect(plan.replicas).toBeLessThanOrEqual(2);
      // What ends last is drawn, and the formula has the 99th percentile of one call for it.
      expect(Math.abs(plan.seconds / simulated - 1), `${concurrency} ${perMinute}`).toBeLessThan(0.25);
    }
  });

  it('is told in words, with what would help and what was left out', () => {
    const asked = demand({ lanes: [lane({ tokens: null, tokensPerMinute: 100 })], gathers: true });
    const text = fleetPlanText(asked, planFleet(asked));
    expect(text).toContain('1 server: 512 answers judged at once take about 256 s (2 a second).');
    expect(text).toContain(
      'concurrency 8 of openai-compatible:m lets 1 server have 8 calls in flight. Set concurrency: 512.',
    );
    expect(text).toContain('tokens_per_minute of openai-compatible:m is left out');
    expect(text).toContain('One server, and no more');
  });
});
