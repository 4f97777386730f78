import {
  ProviderError,
  random,
  type LanguageModel,
  type ModelReply,
  type ModelRequest,
} from '@touchstone/spec';
import { orAbort } from './abort.js';
import type { Clock } from './clock.js';
import { createBucket } from './rate.js';

export interface SimulatorOptions {
  clock: Clock;
  seed: number;
  /** Requests a minute; more are refused with 429 and a Retry-After in whole seconds. */
  requestsPerMinute?: number;
  /** Log-normal latency, milliseconds. */
  p50?: number;
  p99?: number;
  /** Shares of calls, 0–1. */
  failing?: number;
  resetting?: number;
  hanging?: number;
  /** Milliseconds since the start between which every call fails with 503. */
  down?: readonly [number, number];
  /** What a reply reports. */
  outputTokens?: number;
  id?: string;
}

export interface ProviderSimulator {
  model: LanguageModel;
  counts: { started: number; answered: number; refused: number; failed: number; inFlight: number };
  mostInFlight: number;
  /** When each request came, milliseconds. */
  arrivals: number[];
  /** Replies by prompt. */
  answers: Map<string, number>;
  setRate(requestsPerMinute: number): void;
}

/** A simulator of a model provider on a clock: no network, no model, the failures of both. */
export function createProviderSimulator(options: SimulatorOptions): ProviderSimulator {
  const { clock, seed, p50 = 800, p99 = 6000, failing = 0, resetting = 0, hanging = 0 } = options;
  // ln of the 99th percentile of a log-normal is μ + 2.326 σ.
  const sigma = Math.log(p99 / p50) / 2.326;
  let bucket = options.requestsPerMinute === undefined ? undefined : createBucket(options.requestsPerMinute);
  const began = clock.now();
  const simulator: ProviderSimulator = {
    counts: { started: 0, answered: 0, refused: 0, failed: 0, inFlight: 0 },
    mostInFlight: 0,
    arrivals: [],
    answers: new Map(),
    setRate: (requestsPerMinute) => void (bucket = createBucket(requestsPerMinute)),
    model: {
      id: options.id ?? 'openai-compatible:simulator',
      version: '1',
      structuredOutput: false,
      async generate(request) {
        const { counts } = simulator;
        const draw = random(seed, 'call', counts.started++);
        simulator.arrivals.push(clock.now());
        simulator.mostInFlight = Math.max(simulator.mostInFlight, ++counts.inFlight);
        try {
          return await respond(request, draw);
        } finally {
          counts.inFlight--;
        }
      },
    },
  };

  async function respond(request: ModelRequest, draw: ReturnType<typeof random>): Promise<ModelReply> {
    const { counts, answers } = simulator;
    const signal = request.signal ?? new AbortController().signal;
    const wait = (ms: number): Promise<void> =>
      orAbort(clock.sleep(ms, signal), signal, () => new Error('the simulated request was cancelled'));
    const now = clock.now() - began;
    const [from, to] = options.down ?? [Infinity, Infinity];
    await wait(20);
    if (now >= from && now < to) {
      counts.failed++;
      throw failure('transport', 503);
    }
    const waitMs = bucket?.waitMs(1, clock.now()) ?? 0;
    if (waitMs > 0) {
      counts.refused++;
      throw failure('rate-limit', 429, Math.ceil(waitMs / 1000) * 1000);
    }
    bucket?.take(1, clock.now());
    const luck = draw.next();
    if (luck < hanging) await wait(1e12);
    await wait(p50 * Math.exp(sigma * draw.normal()));
    if (luck < hanging + resetting) {
      counts.failed++;
      throw new ProviderError('reset', { reason: 'transport', isRetryable: true });
    }
    if (luck < hanging + resetting + failing) {
      counts.failed++;
      throw failure('transport', 500);
    }
    counts.answered++;
    const prompt = request.messages.map(({ content }) => content).join('\n');
    answers.set(prompt, (answers.get(prompt) ?? 0) + 1);
    const inputTokens = Math.ceil(prompt.length / 4);
    return { text: prompt, finish: 'stop', inputTokens, outputTokens: options.outputTokens ?? 10 };
  }

  return simulator;
}

function failure(reason: 'transport' | 'rate-limit', status: number, retryAfterMs?: number): ProviderError {
  return new ProviderError(`simulated ${status}`, {
    reason,
    isRetryable: true,
    status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
