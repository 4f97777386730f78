import {
  NO_USAGE,
  ProviderError,
  type LanguageModel,
  type ModelReply,
  type ModelRequest,
  type Usage,
} from '@touchstone/spec';
import type { Price } from '../providers/schema.js';
import { callOnce, cancelledCall } from './attempt.js';
import type { Budget, Cost, Reservation } from './budget.js';
import type { Clock } from './clock.js';
import { costOf, NO_COST, usageOf, type Tokens } from './cost.js';
import type { Hedging } from './hedge.js';
import type { Lane } from './lane.js';
import type { Limits } from './limits/declared.js';
import type { Telemetry } from './telemetry.js';
import type { Permit, Ticket } from './ticket.js';
import { believableTokens, inputTokensAtMost, type TokenMeter } from './tokens.js';

/** What all calls of one dispatcher share. */
export interface Shared {
  /** Milliseconds one attempt may take. */
  timeoutMs: number;
  attempts: number;
  seed: number;
  clock: Clock;
  budget: Budget;
  tokens: TokenMeter;
  /** Absent where stragglers get no second call. */
  hedging: Hedging | undefined;
  telemetry: Telemetry;
  /** Told when a reply reports tokens that cannot be. */
  onOddUsage(model: LanguageModel, reply: ModelReply): void;
}

/** One call, which may become several requests. */
export interface Call {
  request: ModelRequest;
  /** Its idempotency key. */
  key: string;
  /** The question was asked before and waited its turn then. */
  isAgain: boolean;
  /** Of the request's text. */
  bytes: number;
  /** Aborts when nobody waits for the reply any more. */
  signal: AbortSignal;
  /** Told of what each request cost. */
  pay(usage: Usage): void;
}

/** A model and the way to its provider. */
export class Route {
  constructor(
    readonly model: LanguageModel,
    readonly lane: Lane,
    readonly limits: Limits,
    readonly price: Price | undefined,
  ) {}

  isOpen(): boolean {
    return this.lane.isOpen();
  }
}

/** How one request is sent. */
export interface Sending {
  signal: AbortSignal;
  /** Goes before calls that have never been tried. */
  isUrgent: boolean;
  /** Waits for a provider that is down. */
  isPatient: boolean;
  /** It is the second request for a straggler. */
  isHedge: boolean;
  /** Told when the request leaves. */
  onStart(): void;
}

/**
 * One request: its turn in the lane, its share of the budget, its time limit.
 *
 * @throws {ProviderError} what came in the place of a reply, or why it was never sent.
 */
export async function send(
  shared: Shared,
  { model, lane, limits, price }: Route,
  { request, bytes, pay }: Call,
  { signal, isUrgent, isPatient, isHedge, onStart }: Sending,
): Promise<ModelReply> {
  const { timeoutMs, clock, budget, tokens, telemetry } = shared;
  const likely = { inputTokens: tokens.estimate(bytes), outputTokens: request.maxOutputTokens };
  const atMost = { ...likely, inputTokens: inputTokensAtMost(request, bytes) };
  const ticket: Ticket = {
    tokens: likely.inputTokens + likely.outputTokens,
    limits,
    isUrgent,
    isPatient,
    signal,
    cancelled: () => cancelledCall(model),
  };
  const queuedAt = clock.now();
  const { permit, reservation } = await takeTurn(lane, budget, ticket, costOf(atMost, price), isHedge);
  telemetry.started(model, { waitedMs: clock.now() - queuedAt, isHedge, limit: lane.limit() });
  onStart();
  const settle = (spent: Tokens | undefined): void => {
    reservation.settle(spent ? costOf(spent, price) : NO_COST);
    const usage = spent ? usageOf(spent, price) : NO_USAGE;
    telemetry.ended(model, usage.money);
    pay(usage);
  };
  try {
    const came = await telemetry.attempt(model, request, () =>
      callOnce(model, request, { timeoutMs, signal, clock }),
    );
    const { tokens: counted, isOdd } = believableTokens(came, { likely, atMost });
    if (isOdd) shared.onOddUsage(model, came);
    else tokens.learn(bytes, counted);
    const reply = { ...came, ...counted };
    settle(counted);
    permit.succeed(reply);
    return reply;
  } catch (error) {
    settle(error instanceof ProviderError && error.mayHaveCost ? spentBy(error, likely, atMost) : undefined);
    if (error instanceof ProviderError && !signal.aborted) permit.fail(error);
    else permit.cancel();
    throw error;
  }
}

/** Never more than was set aside: the budget counts on that. */
const spentBy = (error: ProviderError, likely: Tokens, atMost: Tokens): Tokens => {
  const { inputTokens, outputTokens } = error.spent ?? likely;
  return {
    inputTokens: Math.min(inputTokens, atMost.inputTokens),
    outputTokens: Math.min(outputTokens, atMost.outputTokens),
  };
};

/** A place in the lane and the money for a request; on the way out of either it has given back the other. */
async function takeTurn(
  lane: Lane,
  budget: Budget,
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
