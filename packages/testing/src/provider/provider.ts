import { systemClock, type Clock } from '@touchstone/core';
import type { ModelReply } from '@touchstone/spec';
import { completeReply, tokensOf, type Asked, type Respond } from './asked.js';
import { spoil, type Fate, type FateOf } from './fates.js';
import { Ledger, type Outcome } from './ledger.js';
import { createLimiter, type Limiter, type Limits } from './limits.js';

export interface ProviderOptions {
  respond: Respond;
  /** Default: every call is answered at once. */
  fate?: FateOf;
  limits?: Limits | undefined;
  /** Milliseconds since the start between which every call fails with 503. */
  down?: readonly [number, number];
  /** Milliseconds until a refusal. Default 0. */
  roundTripMs?: number;
  clock?: Clock;
  /**
   * What a call is about, so that a second reply to it is known as one. undefined: no question for this model, which is
   * refused with 400 and not counted. Default: the prompt.
   */
  sampleOf?: (asked: Asked) => string | undefined;
}

/** What goes out to the client. A reset has no answer: the connection is cut. */
export type Delivery =
  | { kind: 'reply'; reply: ModelReply }
  | ({ kind: 'failure'; status: number; retryAfterSeconds?: number } & Pick<
      Fate,
      'code' | 'message' | 'body' | 'headers'
    >)
  | { kind: 'reset' };

/** Sends it. Resolves to whether all of it has left. */
export type Deliver = (delivery: Delivery) => boolean | Promise<boolean>;

/**
 * A simulator of a model provider: a model that answers by rule, behind a provider's limits, latency and faults, with a
 * ledger. `startProvider` puts one on real HTTP; `modelOf` makes one a model in this process, on any clock.
 */
export class ProviderSimulator {
  readonly ledger = new Ledger();
  respond: Respond;
  /** May be changed while it runs. */
  fate: FateOf;
  readonly #options: ProviderOptions;
  readonly #clock: Clock;
  readonly #began: number;
  #limiter: Limiter;

  constructor(options: ProviderOptions) {
    this.#options = options;
    this.respond = options.respond;
    this.fate = options.fate ?? (() => ({ kind: 'reply' }));
    this.#clock = options.clock ?? systemClock;
    this.#began = this.#clock.now();
    this.#limiter = createLimiter(options.limits ?? {});
  }

  /** From now on. */
  setLimits(limits: Limits): void {
    this.#limiter = createLimiter(limits);
  }

  /** Answers one call. `signal` aborts when the client hangs up. */
  async answer(asked: Asked, signal: AbortSignal, deliver: Deliver): Promise<void> {
    const { ledger } = this;
    const clock = this.#clock;
    const limiter = this.#limiter;
    const {
      sampleOf = ({ prompt }: Asked) => prompt,
      down = [Infinity, Infinity],
      roundTripMs = 0,
    } = this.#options;
    const sample = sampleOf(asked);
    if (sample === undefined) {
      await deliver({ kind: 'failure', status: 400, message: 'no question for this judge' });
      return;
    }
    const since = clock.now() - this.#began;
    const n = ledger.arrive(sample, asked.prompt, clock.now());
    if (roundTripMs > 0) await clock.sleep(roundTripMs, signal);
    if (since >= down[0] && since < down[1]) {
      ledger.settle(sample, 'error');
      await deliver({ kind: 'failure', status: 503 });
      return;
    }
    const { maxOutputTokens } = asked.request;
    const promptTokens = tokensOf(asked.prompt);
    const waitMs = limiter.admit(promptTokens + maxOutputTokens, clock.now());
    if (waitMs > 0) {
      ledger.settle(sample, 'refused');
      await deliver({ kind: 'failure', status: 429, retryAfterSeconds: Math.ceil(waitMs / 1000) });
      return;
    }
    const attempt = ledger.admit(sample, promptTokens);
    const fate = await this.fate({ n, sample, attempt, asked });
    if (fate.kind !== 'reply') ledger.counts.fatedToFail++;
    const settle = (
      outcome: Outcome,
      more: { outputTokens?: number; wouldBeUseful?: boolean } = {},
    ): void => {
      ledger.settle(sample, outcome, more);
      limiter.giveBack(maxOutputTokens - (more.outputTokens ?? 0), clock.now());
    };
    if (fate.kind === 'hang') {
      await hangUp(signal);
      return settle('hang');
    }
    const delivery = await this.#prepare(asked, fate);
    if (fate.latencyMs === undefined) await new Promise((resolve) => setImmediate(resolve));
    else await clock.sleep(fate.latencyMs, signal);
    const hasLeft = !signal.aborted && (await deliver(delivery));
    const outputTokens = delivery.kind === 'reply' ? delivery.reply.outputTokens : 0;
    if (hasLeft) settle(fate.kind, { outputTokens });
    else settle('cancelled', { wouldBeUseful: fate.kind === 'reply' });
  }

  /** What the call's fate lets go out. */
  async #prepare(asked: Asked, fate: Fate): Promise<Delivery> {
    const { kind, status = 503, variant = 0.5, latencyMs: _, ...said } = fate;
    if (kind === 'reset') return { kind };
    if (kind === 'error') return { ...said, kind: 'failure', status };
    const reply = await this.respond(asked);
    if (kind === 'reply') return { kind, reply: completeReply(reply, asked) };
    const spoilt = spoil(typeof reply === 'string' ? reply : reply.text, variant);
    return { kind: 'reply', reply: completeReply(spoilt, asked) };
  }
}

function hangUp(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
