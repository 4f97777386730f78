import { random, type Random } from '@touchstone/spec';
import { createHash, randomUUID } from 'node:crypto';
import { systemClock } from '../clock.js';
import type { RedisLink } from '../redis/link.js';
import { conflictOf, FORGET_MS, type Rates } from './declared.js';
import { LIMIT, limitArguments, LIVE_MS, readGranted, type Granted } from './limit-script.js';
import { OwnRates, type RateKeeper, type Wanted } from './rates.js';

/** The lane whose rates are kept. */
export interface RatesUser {
  /** The model's name, for messages. */
  name: string;
  /** Calls may start sooner than was said. */
  onChange(): void;
  /** Another process was asked for a pause that still has so many milliseconds to go. */
  onPause(milliseconds: number): void;
  /** No call waits and none is in flight. */
  isIdle(): boolean;
  /** Told once of what the user should know. */
  onProblem(message: string): void;
}

/** A process at work lets the others know that it is, and learns of their pauses. */
const BEAT_MS = 500;
/** What is taken at once is for this long, so that most calls need no answer of Redis and nobody waits long for their turn. */
const BATCH_MS = 250;
/** What was to start then and has not started by so much later is lost: starts that wait for a busy process would bunch. */
const LAPSE_MS = 500;
/** While Redis has not answered. Only keeps the process awake: the answer wakes the lane. */
const NO_ANSWER_MS = 250;
/** Processes that a process is taken to be one of that has never reached Redis. */
const UNKNOWN_PROCESSES = 16;
/** The most processes that were at work together are remembered so long: those that rest now may be back in an outage. */
const REMEMBER_MS = 600_000;

const PREFIX = 'touchstone:limit:';
const NOTHING = { requests: 0, tokens: 0 };

/**
 * Rates that all processes on one Redis keep together. It takes a few calls' worth at a time, ahead of their turn. While
 * Redis cannot be used, each process keeps to its own share of the limits, from the moment on when the others have noticed
 * that it is silent.
 */
export class SharedRates implements RateKeeper {
  readonly #link: RedisLink;
  readonly #user: RatesUser;
  readonly #id = randomUUID();
  /** Differs between processes, unlike what is drawn from the configuration's seed. */
  readonly #draw: Random;
  readonly #keys: string[];
  #declared: Rates;
  /** The limits that hold, as Redis said last. */
  #limits: Rates;
  #stock = NOTHING;
  #stockFrom = -Infinity;
  #unused = NOTHING;
  #last = NOTHING;
  #isAsking = false;
  #all: number | undefined;
  #most = { processes: 0, at: -Infinity };
  #failedSince: number | undefined;
  /** What this process keeps by itself while Redis is away. */
  #own: OwnRates | undefined;
  #beat: NodeJS.Timeout | undefined;
  #isTold = false;

  /** @param account names the provider's account and the model, without a secret; only its hash is sent. */
  constructor(account: string, declared: Rates, link: RedisLink, user: RatesUser) {
    const hash = createHash('sha256').update(account).digest('hex').slice(0, 32);
    this.#keys = [`${PREFIX}{${hash}}`, `${PREFIX}{${hash}}:processes`];
    this.#draw = random(parseInt(this.#id.slice(0, 8), 16), 'share');
    this.#declared = declared;
    this.#limits = declared;
    this.#link = link;
    this.#user = user;
  }

  waitMs(next: Wanted, now: number): number {
    this.#stayAwake();
    if (this.#isUnlimited()) return 0;
    const share = this.#shareWithoutRedis(now);
    if (share) return share.waitMs(next, now);
    if (now > this.#stockFrom + LAPSE_MS) this.#stock = NOTHING;
    if (this.#stock.requests >= 1 && this.#stock.tokens >= this.#ofTokens(next.tokens))
      return Math.max(0, this.#stockFrom - now);
    if (!this.#isAsking) void this.#ask(next);
    return NO_ANSWER_MS;
  }

  take(tokens: number, now: number): void {
    this.#stayAwake();
    if (this.#own) return this.#own.take(tokens, now);
    if (this.#isUnlimited()) return;
    this.#stock = { requests: this.#stock.requests - 1, tokens: this.#stock.tokens - this.#ofTokens(tokens) };
  }

  giveBack(unused: { requests: number; tokens: number }, now: number): void {
    if (this.#own) this.#own.giveBack(unused, now);
    else this.#unused = add(this.#unused, unused);
    if (this.#user.isIdle()) setImmediate(() => this.#user.isIdle() && this.#rest());
  }

  pause(milliseconds: number): void {
    if (milliseconds > 0) void this.#say({ pauseMs: milliseconds });
  }

  change(rates: Rates): void {
    this.#declared = rates;
    this.#limits = rates;
    this.#own = undefined;
  }

  #isUnlimited(): boolean {
    const { requests_per_minute, tokens_per_minute } = this.#limits;
    return requests_per_minute === undefined && tokens_per_minute === undefined;
  }

  /** Tokens are counted only where they are limited. */
  #ofTokens(tokens: number): number {
    return this.#limits.tokens_per_minute === undefined ? 0 : tokens;
  }

  /** Processes that this one has known to be at work. */
  #known(): number {
    if (!this.#link.wasReached()) return this.#failedSince === undefined ? 0 : UNKNOWN_PROCESSES;
    return this.#most.processes;
  }

  /** What this process keeps by itself; undefined while it has Redis, or the others may still count on it. */
  #shareWithoutRedis(now: number): OwnRates | undefined {
    if (this.#own || this.#failedSince === undefined || now < this.#failedSince + LIVE_MS) return this.#own;
    const part = Math.max(1, this.#known());
    const of = (limit: number | undefined): number | undefined => limit && limit / part;
    const { requests_per_minute, tokens_per_minute } = this.#limits;
    this.#stock = NOTHING;
    this.#unused = NOTHING;
    // All lose Redis together, and must not start together.
    this.#own = new OwnRates(
      { requests_per_minute: of(requests_per_minute), tokens_per_minute: of(tokens_per_minute) },
      this.#draw.next(),
    );
    return this.#own;
  }

  async #ask({ tokens, calls }: Wanted): Promise<void> {
    this.#isAsking = true;
    const batch = Math.min(calls, this.#batch(tokens));
    const requests = Math.max(0, batch - this.#stock.requests);
    const ofTokens = Math.max(0, batch * this.#ofTokens(tokens) - this.#stock.tokens);
    const granted = await this.#say({ wanted: { requests, tokens: ofTokens } });
    if (granted) {
      this.#stock = add(this.#stock, { requests, tokens: ofTokens });
      this.#stockFrom = Math.max(this.#stockFrom, systemClock.now() + granted.waitMs);
    }
    this.#isAsking = false;
    // Where Redis is away, the lane asks again by itself.
    if (granted) this.#user.onChange();
  }

  /** Calls that this process's share has room for in the time of a batch, ≥ 1. */
  #batch(tokens: number): number {
    if (this.#all === undefined) return 1;
    const { requests_per_minute = Infinity, tokens_per_minute = Infinity } = this.#limits;
    const perMinute = Math.min(requests_per_minute, tokens_per_minute / Math.max(1, tokens));
    return Math.max(1, Math.floor((perMinute / 60_000 / this.#all) * BATCH_MS));
  }

  async #say({ wanted = NOTHING, pauseMs = 0, isLeaving = false }): Promise<Granted | undefined> {
    const unused = this.#unused;
    this.#unused = NOTHING;
    if (wanted.requests > 0) this.#last = wanted;
    const of = (name: 'requests' | 'tokens', declared: number | undefined) => ({
      declared,
      wanted: wanted[name],
      unused: unused[name],
      last: this.#last[name],
    });
    const call = {
      id: this.#id,
      isLeaving,
      known: this.#known(),
      pauseMs,
      requests: of('requests', this.#declared.requests_per_minute),
      tokens: of('tokens', this.#declared.tokens_per_minute),
    };
    const answer = await this.#link.use((client) =>
      client.eval(LIMIT, { keys: this.#keys, arguments: limitArguments(call, FORGET_MS) }),
    );
    const now = systemClock.now();
    const granted = readGranted(answer);
    if (granted === undefined) {
      // A command that was sent and not answered may have told the others that this process lives.
      this.#failedSince = this.#link.awaySince() ?? this.#failedSince ?? now;
      return undefined;
    }
    this.#failedSince = undefined;
    this.#own = undefined;
    this.#learn(granted, now);
    return granted;
  }

  #learn({ all, pauseMs, requestsPerMinute, tokensPerMinute }: Granted, now: number): void {
    this.#all = all;
    if (all >= this.#most.processes || now - this.#most.at > REMEMBER_MS)
      this.#most = { processes: all, at: now };
    this.#limits = { requests_per_minute: requestsPerMinute, tokens_per_minute: tokensPerMinute };
    if (pauseMs > 0) this.#user.onPause(pauseMs);
    const conflict = this.#isTold ? undefined : conflictOf(this.#user.name, this.#declared, this.#limits);
    if (conflict === undefined) return;
    this.#isTold = true;
    this.#user.onProblem(`${conflict} (another process on the Redis at ${this.#link.host})`);
  }

  #stayAwake(): void {
    this.#beat ??= setInterval(() => {
      if (this.#user.isIdle()) this.#rest();
      else if (!this.#isAsking) void this.#say({});
    }, BEAT_MS).unref();
  }

  /** The others need not count with this process until it has calls again. */
  #rest(): void {
    if (this.#beat === undefined) return;
    clearInterval(this.#beat);
    this.#beat = undefined;
    if (systemClock.now() <= this.#stockFrom + LAPSE_MS) this.#unused = add(this.#unused, this.#stock);
    this.#stock = NOTHING;
    void this.#say({ isLeaving: true });
  }
}

function add(one: typeof NOTHING, other: typeof NOTHING): typeof NOTHING {
  return { requests: one.requests + other.requests, tokens: one.tokens + other.tokens };
}
