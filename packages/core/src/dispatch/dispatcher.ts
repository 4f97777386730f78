import {
  addUsage,
  NO_USAGE,
  ProviderError,
  random,
  type LanguageModel,
  type ModelReply,
  type ModelRequest,
  type ReplyCache,
  type Usage,
} from '@touchstone/spec';
import type { Price } from '../providers/schema.js';
import { systemClock, type Clock } from './clock.js';
import { createLimit } from './limit.js';

export interface DispatcherOptions {
  /** Calls in flight at once, ≥ 1. */
  concurrency: number;
  /** Milliseconds one attempt may take; `Infinity` for a model in this process, whose speed is no fault. */
  timeoutMs: number;
  /** Attempts a call has in all, ≥ 1. */
  attempts: number;
  /** Replies already paid for. */
  cache?: ReplyCache;
  price?: Price | undefined;
  /** Seeds the jitter of the waits. */
  seed: number;
  clock?: Clock;
}

/** A reply, or the error that was left after the last attempt. `usage` is what this caller's call cost. */
export type CallResult =
  | { reply: ModelReply; error?: undefined; cached: boolean; usage: Usage }
  | { reply?: undefined; error: ProviderError; cached: false; usage: Usage };

/** Makes model calls at scale: limited, timed, retried, never twice for the same key. */
export interface Dispatcher {
  /**
   * Asks `model`. `key` is an idempotency key: a cached reply, or a call in flight with the same key, answers free.
   * Failures of the provider come back as `error`; anything else a model throws (a defect) is thrown.
   */
  call(model: LanguageModel, request: ModelRequest, key: string): Promise<CallResult>;
  /** Total of all calls so far. `calls` counts replies that were paid for, `saved` those that were not. */
  usage(): Usage;
}

const BASE_WAIT_MS = 500;
const MAX_WAIT_MS = 30_000;
/** A provider that wants a longer pause than this is treated as having refused. */
const MAX_RETRY_AFTER_MS = 5 * 60_000;

/**
 * A dispatcher for one model or several. Waits between attempts are exponential with full jitter (uniform in
 * 0 … 0.5 s · 2^attempt, at most 30 s; Brooker 2015); a Retry-After sets the wait and holds back every other
 * call too, because the limit it speaks of is shared.
 */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { timeoutMs, attempts, cache, price, seed, clock = systemClock } = options;
  const limit = createLimit(options.concurrency);
  const inFlight = new Map<string, Promise<CallResult>>();
  let total = NO_USAGE;
  let heldUntil = 0;

  const count = (usage: Usage): Usage => {
    total = addUsage(total, usage);
    return usage;
  };

  async function waitForPermission(): Promise<void> {
    for (let wait = heldUntil - clock.now(); wait > 0; wait = heldUntil - clock.now())
      await clock.sleep(wait);
  }

  async function attempt(model: LanguageModel, request: ModelRequest, key: string): Promise<CallResult> {
    const jitter = random(seed, 'backoff', key);
    for (let tried = 1; ; tried++) {
      await waitForPermission();
      try {
        const reply = await withTimeout(model, request, timeoutMs);
        await cache?.put(key, reply);
        return { reply, cached: false, usage: count(usageOf(reply, price)) };
      } catch (error) {
        if (!(error instanceof ProviderError)) throw error;
        const asked = error.retryAfterMs ?? 0;
        const isBearable = asked <= MAX_RETRY_AFTER_MS;
        if (isBearable && asked > 0) heldUntil = Math.max(heldUntil, clock.now() + asked);
        if (!error.isRetryable || tried >= attempts || !isBearable)
          return { error, cached: false, usage: NO_USAGE };
        await clock.sleep(asked + jitter.next() * Math.min(MAX_WAIT_MS, BASE_WAIT_MS * 2 ** (tried - 1)));
      }
    }
  }

  return {
    usage: () => total,
    async call(model, request, key) {
      const saved = { ...NO_USAGE, saved: 1 };
      const known = await cache?.get(key);
      if (known) return { reply: known, cached: true, usage: count(saved) };
      const twin = inFlight.get(key);
      if (twin) {
        const result = await twin;
        return result.error ? result : { ...result, cached: true, usage: count(saved) };
      }
      const call = limit(() => attempt(model, request, key)).finally(() => inFlight.delete(key));
      inFlight.set(key, call);
      return call;
    },
  };
}

/** One attempt, given up after `timeoutMs` even if the model does not heed the signal. */
async function withTimeout(
  model: LanguageModel,
  request: ModelRequest,
  timeoutMs: number,
): Promise<ModelReply> {
  if (timeoutMs === Infinity) return model.generate(request);
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const message = `${model.id}: no reply within ${timeoutMs / 1000} s`;
      reject(new ProviderError(message, { reason: 'timeout', isRetryable: true }));
      controller.abort(new DOMException(message, 'TimeoutError'));
    }, timeoutMs);
  });
  try {
    const signal = request.signal ? AbortSignal.any([request.signal, controller.signal]) : controller.signal;
    return await Promise.race([model.generate({ ...request, signal }), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

function usageOf({ inputTokens, outputTokens }: ModelReply, price: Price | undefined): Usage {
  const money = price ? (inputTokens * price.input + outputTokens * price.output) / 1e6 : 0;
  return { calls: 1, saved: 0, inputTokens, outputTokens, money };
}
