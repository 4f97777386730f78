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
import { orAbort } from './abort.js';
import { callOnce, cancelledCall } from './attempt.js';
import { backoffMs, isCongestion, isWorthRepeating } from './backoff.js';
import { createBudget, type BudgetLimits, type Cost, type Reservation } from './budget.js';
import { systemClock, type Clock } from './clock.js';
import { createCoalescer } from './coalesce.js';
import { costOf, NO_COST, usageOf, type Tokens } from './cost.js';
import { withFailover } from './failover.js';
import { createHedging, withHedges, type HedgeOptions } from './hedge.js';
import { createLane, type Lane, type Permit, type Ticket } from './lane.js';
import { createTelemetry } from './telemetry.js';
import { createTokenMeter, inputTokensAtMost, requestBytes } from './tokens.js';

/** What one provider lets through, and what it costs. */
export interface ProviderLimits {
  /** Calls in flight at most, ≥ 1. */
  concurrency: number;
  requestsPerMinute?: number | undefined;
  tokensPerMinute?: number | undefined;
  price?: Price | undefined;
}

export interface DispatcherOptions extends ProviderLimits {
  /** Default true: fewer calls in flight than `concurrency` when the provider refuses some. */
  adaptive?: boolean;
  /** Milliseconds one attempt may take; `Infinity` for a model in this process, whose speed is no fault. */
  timeoutMs: number;
  /** Attempts a call has, ≥ 1. A refusal for the rate, or a failure while the provider is down, is none. */
  attempts: number;
  /** Milliseconds that calls wait for a provider that was up and is down. Default: 5 minutes. */
  outageMs?: number;
  /** Second calls for stragglers; none by default. */
  hedge?: HedgeOptions | undefined;
  /** Models to ask when the first one is down or refuses, in order. */
  fallbacks?: readonly (ProviderLimits & { model: LanguageModel })[];
  budget?: BudgetLimits | undefined;
  /** Replies already paid for. */
  cache?: ReplyCache;
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
   */
  call(model: LanguageModel, request: ModelRequest, key: string, isAgain?: boolean): Promise<CallResult>;
  /**
   * Total of all calls so far. `calls` counts requests that were paid for, `saved` calls that were not. A request that
   * ended without an answer (a timeout, a cut connection, the slower one of two) counts with its estimated input and
   * its longest output: what it may have cost.
   */
  usage(): Usage;
}

/** One call on its way through the parts. */
interface Ask {
  request: ModelRequest;
  key: string;
  isAgain: boolean;
  bytes: number;
  signal: AbortSignal;
  pay(usage: Usage): void;
}

/** A model and the lane to its provider. */
interface Route {
  model: LanguageModel;
  lane: Lane;
  price: Price | undefined;
  isOpen(): boolean;
}

const OUTAGE_MS = 5 * 60_000;
/** However alive the provider looks, a call that it refuses this often ends. */
const MOST_REFUSALS = 50;

/**
 * A dispatcher for one model. Models that are passed to the same dispatcher share its limits.
 *
 * Read from the bottom: `call` joins identical calls, `answer` looks into the cache, then each part wraps the next:
 * failover (which model), retries (how often), hedging (stragglers), `send` (one request: its turn in the lane, its
 * share of the budget, its time limit).
 */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { timeoutMs, attempts, cache, seed, clock = systemClock } = options;
  const telemetry = createTelemetry();
  const tokens = createTokenMeter();
  const budget = createBudget(options.budget);
  const hedging = options.hedge?.share ? createHedging(options.hedge) : undefined;
  const coalesce = createCoalescer<CallResult>();
  const primary = openLane(options, 'primary');
  const fallbacks = (options.fallbacks ?? []).map(({ model, ...limits }, i) =>
    routeTo(model, openLane(limits, `fallback ${i}`), limits.price),
  );
  let total = NO_USAGE;

  function openLane(limits: ProviderLimits, name: string): Lane {
    const { adaptive = true, outageMs = OUTAGE_MS } = options;
    // With four attempts or more, an outage is noticed before it has used up those of any call.
    const breakAfter = Math.min(10, Math.max(3, attempts - 1));
    return createLane({ ...limits, adaptive, outageMs, breakAfter }, clock, random(seed, 'lane', name));
  }

  /** A place in the lane and the money for a call; on the way out of either it has given back the other. */
  async function takeTurn(
    lane: Lane,
    ticket: Ticket,
    atMost: Cost,
    isHedge: boolean,
  ): Promise<{ permit: Permit; reservation: Reservation }> {
    let permit = await lane.enter(ticket);
    let reservation = budget.tryReserve(atMost);
    if (!reservation) {
      // A place in the lane is not held while waiting for money.
      permit.giveBack();
      if (isHedge) throw budget.exhausted();
      const waitedFor = await budget.reserve(atMost, ticket);
      permit = await lane.enter({ ...ticket, isUrgent: true }).catch((error: unknown) => {
        waitedFor.settle(NO_COST);
        throw error;
      });
      reservation = waitedFor;
    }
    if (!ticket.signal.aborted) return { permit, reservation };
    reservation.settle(NO_COST);
    permit.giveBack();
    throw ticket.cancelled();
  }

  /** One request. */
  async function send(
    { model, lane, price }: Route,
    { request, bytes, pay }: Ask,
    how: {
      signal: AbortSignal;
      isUrgent: boolean;
      isPatient: boolean;
      isHedge: boolean;
      onStart: () => void;
    },
  ): Promise<ModelReply> {
    const { signal, isUrgent, isPatient, isHedge } = how;
    const likely = { inputTokens: tokens.estimate(bytes), outputTokens: request.maxOutputTokens };
    const atMost = { ...likely, inputTokens: inputTokensAtMost(request, bytes) };
    const ticket: Ticket = {
      tokens: likely.inputTokens + likely.outputTokens,
      isUrgent,
      isPatient,
      signal,
      cancelled: () => cancelledCall(model),
    };
    const queuedAt = clock.now();
    const { permit, reservation } = await takeTurn(lane, ticket, costOf(atMost, price), isHedge);
    telemetry.started(model, { waitedMs: clock.now() - queuedAt, isHedge, limit: lane.limit() });
    how.onStart();
    const settle = (spent: Tokens | undefined): void => {
      reservation.settle(spent ? costOf(spent, price) : NO_COST);
      const usage = spent ? usageOf(spent, price) : NO_USAGE;
      telemetry.ended(model, usage.money);
      pay(usage);
    };
    try {
      const reply = await telemetry.attempt(model, request, () =>
        callOnce(model, request, { timeoutMs, signal, clock }),
      );
      tokens.learn(bytes, reply);
      settle(reply);
      permit.succeed(reply);
      return reply;
    } catch (error) {
      settle(error instanceof ProviderError && error.mayHaveCost ? likely : undefined);
      if (error instanceof ProviderError && !signal.aborted) permit.fail(error);
      else permit.cancel();
      throw error;
    }
  }

  /** Asks one model until it answers, fails for good, or has failed too often. */
  async function withRetries(route: Route, ask: Ask, isPatient: boolean): Promise<ModelReply> {
    const { model, lane } = route;
    const jitter = random(seed, 'backoff', ask.key);
    for (let failures = 0, forgiven = 0; ;) {
      let wasSent = false;
      try {
        return await withHedges(
          ({ signal, isHedge, onStart }) =>
            send(route, ask, {
              signal,
              isUrgent: isHedge || ask.isAgain || failures + forgiven > 0,
              isPatient: isPatient && !isHedge,
              isHedge,
              onStart() {
                wasSent = true;
                onStart();
              },
            }),
          { hedging, isIdle: () => lane.isIdle(), clock, signal: ask.signal },
        );
      } catch (error) {
        if (!(error instanceof ProviderError) || ask.signal.aborted) throw error;
        // Turned away by the lane or the budget: asking again would change nothing.
        if (!wasSent || !isWorthRepeating(error)) throw error;
        const isNoFault = lane.isAlive() && (error.reason === 'rate-limit' || lane.isDown());
        if (isNoFault && forgiven < MOST_REFUSALS) forgiven++;
        else if (++failures >= attempts) throw error;
        telemetry.retried(model, error);
        // The lane itself waits for a provider that is down or has said how long, and spaces those who waited together.
        if (lane.isDown() || (isCongestion(error) && error.retryAfterMs !== undefined)) continue;
        await clock.sleep(backoffMs(error, failures + forgiven, jitter), ask.signal);
      }
    }
  }

  /** The reply to one question, from the cache or from whichever model gives it. */
  async function answer(model: LanguageModel, ask: Ask): Promise<ModelReply> {
    const routes = [routeTo(model, primary, options.price), ...fallbacks];
    return withFailover(
      routes,
      async (route, isLast) => {
        if (route.model === model) return withRetries(route, ask, isLast);
        telemetry.failedOver(model, route.model);
        return { ...(await withRetries(route, ask, isLast)), model: route.model.id };
      },
      ({ reason }) => reason === 'budget' || ask.signal.aborted,
    );
  }

  async function work(
    model: LanguageModel,
    question: Pick<Ask, 'request' | 'key' | 'isAgain' | 'signal'>,
  ): Promise<CallResult> {
    const { request, key, signal } = question;
    let usage = NO_USAGE;
    const pay = (more: Usage): void => {
      usage = addUsage(usage, more);
      total = addUsage(total, more);
    };
    try {
      const known = await orAbort(Promise.resolve(cache?.get(key)), signal, () => cancelledCall(model));
      if (known) {
        telemetry.saved(model, 'cache');
        return { reply: known, cached: true, usage };
      }
      const reply = await answer(model, { ...question, bytes: requestBytes(request), pay });
      await cache?.put(key, reply);
      return { reply, cached: false, usage };
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      return { error, cached: false, usage };
    }
  }

  return {
    usage: () => total,
    async call(model, request, key, isAgain = false) {
      const { value, isPayer } = await coalesce(
        key,
        request.signal,
        (signal) => telemetry.call(model, key, () => work(model, { request, key, isAgain, signal })),
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

function routeTo(model: LanguageModel, lane: Lane, price: Price | undefined): Route {
  return { model, lane, price, isOpen: () => lane.isOpen() };
}
