import {
  addUsage,
  NO_USAGE,
  ProviderError,
  type LanguageModel,
  type ModelReply,
  type ModelRequest,
  type ReplyCache,
  type Usage,
} from '@touchstone/spec';
import type { Account } from '../providers/account.js';
import type { Price } from '../providers/schema.js';
import { orAbort } from './abort.js';
import { cancelledCall } from './attempt.js';
import { createBudget } from './budget.js';
import { systemClock, type Clock } from './clock.js';
import { createCoalescer } from './coalesce.js';
import { withFailover } from './failover.js';
import { createHedging } from './hedge.js';
import type { Lane } from './lane.js';
import { openLane } from './lanes.js';
import type { Limits } from './limits/declared.js';
import type { RedisLink } from './redis/link.js';
import { withRetries } from './retry.js';
import type { CallsConfig } from './schema.js';
import { Route, type Call, type Shared } from './send.js';
import { createTelemetry } from './telemetry.js';
import { createTokenMeter, requestBytes } from './tokens.js';

/** What one provider lets through, as the configuration says it, and what it costs. */
export interface ProviderLimits extends Limits {
  price?: Price | undefined;
  /**
   * Whoever names the same account in this process, and by `redis` in others, keeps the limits together. Absent: these
   * limits are this dispatcher's alone.
   */
  account?: Account | undefined;
}

/**
 * How calls are made, as the configuration says it. `attempts`: a refusal for the rate, or a failure while the provider is
 * down, is none. `timeout_seconds`: `Infinity` for a model in this process, whose speed is no fault.
 */
export interface DispatcherOptions
  extends ProviderLimits, Pick<CallsConfig, 'timeout_seconds' | 'attempts' | 'budget'> {
  /** Default: 5 minutes. */
  outage_seconds?: number;
  /** Second calls for stragglers; none by default. */
  hedge?: CallsConfig['hedge'] | undefined;
  /** Models to ask when the first one is down or refuses, in order. */
  fallbacks?: readonly (ProviderLimits & { model: LanguageModel })[];
  /** Default true: fewer calls in flight than `concurrency` when the provider refuses some. */
  adaptive?: boolean;
  /** Replies already paid for. Answers only: what a provider said in place of one is never kept. */
  cache?: ReplyCache;
  /** Where limits with an `account` are kept together with other processes. */
  redis?: RedisLink | undefined;
  /** Told once of each model whose replies report tokens that cannot be, or whose limits are declared in two ways. */
  onProblem?: (message: string) => void;
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
   * When `request.signal` aborts, the call ends at once with an error of reason `timeout`.
   *
   * @param isAgain the question was asked before and waited its turn then: it goes before new ones.
   * @param isAnswer whether a reply answers the question. One that does not is never kept, and one that was kept all the
   *   same is asked for again. Default: a whole reply that is not blank.
   */
  call(
    model: LanguageModel,
    request: ModelRequest,
    key: string,
    isAgain?: boolean,
    isAnswer?: (reply: ModelReply) => boolean,
  ): Promise<CallResult>;
  /**
   * Total of all calls so far. `calls` counts requests that were paid for, `saved` calls that were not. A request that
   * ended without an answer (a timeout, a cut connection, the slower one of two) counts with its estimated input and
   * its longest output: what it may have cost.
   */
  usage(): Usage;
}

const OUTAGE_SECONDS = 5 * 60;

const isWhole = ({ finish, text }: ModelReply): boolean =>
  finish !== 'length' && finish !== 'refusal' && text.trim() !== '';

/**
 * A dispatcher for one model. Models that are passed to the same dispatcher share its limits.
 *
 * The way of a call: `call` joins identical calls in flight, `answer` looks into the cache, `withFailover` chooses the
 * model, `withRetries` (`retry.ts`) decides how often, `withHedges` (`hedge.ts`) sends for stragglers, and `send`
 * (`send.ts`) makes one request.
 */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { cache, clock = systemClock } = options;
  const coalesce = createCoalescer<CallResult>();
  const shared = sharedParts(options, clock);
  const { telemetry } = shared;
  const primary = laneTo(options, options, 'primary', clock);
  const fallbacks = (options.fallbacks ?? []).map(
    (one, i) => new Route(one.model, laneTo(options, one, `fallback ${i}`, clock), one, one.price),
  );
  let total = NO_USAGE;

  /** The reply of whichever model gives one. */
  function ask(model: LanguageModel, call: Call): Promise<ModelReply> {
    return withFailover(
      [new Route(model, primary, options, options.price), ...fallbacks],
      async (route, isLast) => {
        if (route.model === model) return withRetries(shared, route, call, isLast);
        telemetry.failedOver(model, route.model);
        return { ...(await withRetries(shared, route, call, isLast)), model: route.model.id };
      },
      ({ reason }) => reason === 'budget' || call.signal.aborted,
    );
  }

  /** The reply to one question, from the cache or from a model, and what it cost. */
  async function answer(
    model: LanguageModel,
    question: Pick<Call, 'request' | 'key' | 'isAgain' | 'signal'>,
    isAnswer: (reply: ModelReply) => boolean,
  ): Promise<CallResult> {
    const { request, key, signal } = question;
    let usage = NO_USAGE;
    const pay = (more: Usage): void => {
      usage = addUsage(usage, more);
      total = addUsage(total, more);
    };
    try {
      const looked = cache?.reserve ? cache.reserve(key, signal) : cache?.get(key);
      const known = await orAbort(Promise.resolve(looked), signal, () => cancelledCall(model));
      if (known && isAnswer(known)) {
        telemetry.saved(model, 'cache');
        return { reply: known, cached: true, usage };
      }
      const reply = await ask(model, { ...question, bytes: requestBytes(request), pay });
      if (isAnswer(reply)) {
        if (known) await cache?.forget?.(key);
        await cache?.put(key, reply);
      } else await cache?.note?.(key, reply);
      return { reply, cached: false, usage };
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      return { error, cached: false, usage };
    } finally {
      // A reply that was put has done so already.
      await cache?.release?.(key);
    }
  }

  return {
    usage: () => total,
    async call(model, request, key, isAgain = false, isAnswer = isWhole) {
      const { value, isPayer } = await coalesce(
        key,
        request.signal,
        (signal) =>
          telemetry.call(model, key, () => answer(model, { request, key, isAgain, signal }, isAnswer)),
        () => ({ error: cancelledCall(model), cached: false, usage: NO_USAGE }),
      );
      if (value.error) return isPayer ? value : { ...value, usage: NO_USAGE };
      if (isPayer && !value.cached) return value;
      const saved = { ...NO_USAGE, saved: 1 };
      total = addUsage(total, saved);
      if (!isPayer) telemetry.saved(model, 'in-flight');
      return { reply: value.reply, cached: true, usage: saved };
    },
  };
}

function sharedParts(options: DispatcherOptions, clock: Clock): Shared {
  const { timeout_seconds, attempts, budget, hedge, seed, onProblem } = options;
  const told = new Set<string>();
  return {
    timeoutMs: timeout_seconds * 1000,
    attempts,
    seed,
    clock,
    budget: createBudget(budget),
    tokens: createTokenMeter(),
    hedging: hedge?.share ? createHedging(hedge) : undefined,
    telemetry: createTelemetry(),
    onOddUsage({ id }, { inputTokens, outputTokens }) {
      if (told.has(id)) return;
      told.add(id);
      onProblem?.(
        `${id} reports tokens that cannot be (input ${inputTokens}, output ${outputTokens}; 0 where it reports none); an estimate counts in their place`,
      );
    },
  };
}

/** @param limits of the provider at the lane's end; `options` say how calls are made to all of them. */
function laneTo(options: DispatcherOptions, limits: ProviderLimits, purpose: string, clock: Clock): Lane {
  const { adaptive = true, attempts, outage_seconds = OUTAGE_SECONDS, seed, redis, onProblem } = options;
  const { account } = limits;
  return openLane(
    limits,
    {
      adaptive,
      outageMs: outage_seconds * 1000,
      // With four attempts or more, an outage is noticed before it has used up those of any call.
      breakAfter: Math.min(10, Math.max(3, attempts - 1)),
      name: account?.model ?? purpose,
      onProblem: (message) => onProblem?.(message),
    },
    { account: account?.key, redis, seed, purpose, clock },
  );
}
