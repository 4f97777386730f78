import type { RedisClientType } from '@redis/client';
import { InputError } from '@touchstone/spec';
import { ENDED } from '../abort.js';
import { systemClock } from '../clock.js';

/** One connection to a Redis or Valkey, for all that a process has to do with it. */
export interface RedisLink {
  /** Host and port: what a message may say of the address. */
  readonly host: string;
  /**
   * What `command` gives, or undefined where Redis cannot be used: it never throws. A Redis that takes more than a second
   * is taken to be lost; one that answers with an error is not.
   */
  use<T>(command: (client: RedisClientType) => Promise<T>): Promise<T | undefined>;
  /** It has been reached at least once. */
  wasReached(): boolean;
  /** `systemClock`'s time since when no command has been sent; undefined while they are, and before the first one. */
  awaySince(): number | undefined;
  /**
   * It has been away for so long that nobody should wait for it any more: 10 s where nothing listens; a minute where answers do
   * not come in time, since then it may be this process, or its machine, that has no time.
   */
  isGone(): boolean;
  /**
   * Does `work` with each new connection, before any command goes over it. `isAnother`: the server is not the one, or not
   * the run of it, that was there before, so that what it held may be lost.
   */
  onConnect(work: (client: RedisClientType, isAnother: boolean) => Promise<void>): void;
  close(): void;
}

/** Redis answers in about a millisecond; a call to a model must not wait for one that does not. */
const PATIENCE_MS = 1000;
/** Processes that start together on a busy machine need longer. */
const CONNECT_MS = 3000;
/** What a process says at the start of a connection may be thousands of commands. */
const GREETING_MS = 10_000;
/** Between two tries to connect, doubled from the first to the last: a restart is over soon, and everybody must know it soon. */
const FIRST_PAUSE_MS = 125;
const LAST_PAUSE_MS = 1000;
/** A command that was sent and not answered may still be carried out: longer than `LIVE_MS` of the limits. */
const UNANSWERED_PAUSE_MS = 4000;

const GONE_MS = 10_000;
const SILENT_MS = 60_000;

const links = new Map<string, RedisLink>();

/** The process's link to the Redis at this address, made when it is first asked for. It is not closed. */
export function redisLink(url: string, onProblem: (message: string) => void): RedisLink {
  const link = links.get(url) ?? openRedisLink(url, onProblem);
  links.set(url, link);
  return link;
}

/**
 * Connects with the first command, and again and again by itself whenever the connection is lost. It does not keep the
 * process alive.
 *
 * @param url redis://[[user]:password@]host[:port][/database], or rediss:// for TLS
 * @param onProblem told once for each time that Redis is lost; never with the address, which may have a password in it.
 * @throws {InputError} for an address of another kind; the message does not repeat it.
 */
export function openRedisLink(url: string, onProblem: (message: string) => void): RedisLink {
  const host = hostOf(url);
  const greetings: ((client: RedisClientType, isAnother: boolean) => Promise<void>)[] = [];
  /** The one that is used, or that is being connected. */
  let current: RedisClientType | undefined;
  let client: RedisClientType | undefined;
  let connecting: Promise<void> | undefined;
  let retry: NodeJS.Timeout | undefined;
  let pauseMs = FIRST_PAUSE_MS;
  let away: Away | undefined;
  let run: string | undefined;
  let wasReached = false;
  let isReported = false;
  let [isClosed, isGreeting] = [false, false];
  const tellRefusal = onceOfEachKind((error) => onProblem(problemOf(host, error)));

  function giveUp(cause: unknown, failed: RedisClientType | undefined): void {
    if (failed?.isOpen) failed.destroy();
    if (isClosed || failed !== current) return;
    const wasUsed = client !== undefined;
    const since = wasUsed || away === undefined ? systemClock.now() : away.since;
    away = { since, isSilent: cause instanceof Unanswered };
    current = undefined;
    client = undefined;
    if (retry === undefined) {
      const pause = wasUsed && cause instanceof Unanswered ? UNANSWERED_PAUSE_MS : pauseMs;
      // All lose Redis together, and must not come back together.
      const waitMs = pause * (0.75 + Math.random() / 4);
      retry = setTimeout(() => {
        retry = undefined;
        connecting ??= connect();
      }, waitMs).unref();
      pauseMs = Math.min(LAST_PAUSE_MS, 2 * pauseMs);
    }
    if (!isReported) onProblem(problemOf(host, cause));
    isReported = true;
  }

  async function connect(): Promise<void> {
    try {
      const fresh = await createClientOf(url);
      current = fresh;
      fresh.on('error', (error: unknown) => giveUp(error, fresh));
      await within(CONNECT_MS, fresh.connect());
      const found = await within(PATIENCE_MS, runOf(fresh));
      isGreeting = true;
      const isAnother = wasReached && (found === undefined || found !== run);
      for (const greet of greetings) await within(GREETING_MS, greet(fresh, isAnother));
      if (isClosed || !fresh.isReady) throw new Error('the connection was closed');
      run = found;
      client = fresh;
      wasReached = true;
      away = undefined;
      pauseMs = FIRST_PAUSE_MS;
      isReported = false;
    } catch (error) {
      giveUp(error, current);
    } finally {
      isGreeting = false;
      connecting = undefined;
    }
  }

  return {
    host,
    wasReached: () => wasReached,
    awaySince: () => away?.since,
    isGone: () => away !== undefined && isLong(away),
    onConnect: (work) => void greetings.push(work),
    async use(command) {
      // What comes now may have come too late to be greeted with.
      if (isGreeting) await connecting;
      // Only the first time is waited for.
      if (client === undefined && !isClosed && away === undefined) {
        connecting ??= connect();
        await within(PATIENCE_MS, connecting).catch(() => {
          away ??= { since: systemClock.now(), isSilent: true };
        });
      }
      const ready = client;
      if (ready === undefined) return undefined;
      try {
        return await within(PATIENCE_MS, command(ready));
      } catch (error) {
        // After a refusal the connection is as good as it was.
        if (await isRefusal(error)) tellRefusal(error);
        else giveUp(error, ready);
        return undefined;
      }
    },
    close() {
      isClosed = true;
      clearTimeout(retry);
      if (client?.isOpen) client.destroy();
      client = undefined;
    },
  };
}

interface Away {
  /** `systemClock`'s time. */
  since: number;
  /** It did not answer in time, as against: there was nobody. */
  isSilent: boolean;
}

const isLong = ({ since, isSilent }: Away): boolean =>
  systemClock.now() - since >= (isSilent ? SILENT_MS : GONE_MS);

/** Of refusals: no right to a command, no memory, … */
function onceOfEachKind(tell: (error: unknown) => void): (error: unknown) => void {
  const told = new Set<string>();
  return (error) => {
    const kind = (error as Error).message.split(' ')[0]!;
    if (!told.has(kind)) tell(error);
    told.add(kind);
  };
}

/** Whether Redis is there and has answered a command with an error. */
export async function isRefusal(error: unknown): Promise<boolean> {
  const { ErrorReply } = await import('@redis/client');
  return error instanceof ErrorReply;
}

function problemOf(host: string, cause: unknown): string {
  const message = cause instanceof Error ? cause.message || cause.name : String(cause);
  return `Redis at ${host} cannot be used (${message}); until it is back, replies of other processes are not found, and this process keeps to its share of the limits`;
}

async function createClientOf(url: string): Promise<RedisClientType> {
  const { createClient } = await import('@redis/client');
  const client = createClient({
    url,
    disableOfflineQueue: true,
    maintNotifications: 'disabled',
    // Connecting again is done here.
    socket: { connectTimeout: 2 * CONNECT_MS, reconnectStrategy: false },
  }) as unknown as RedisClientType;
  client.unref();
  return client;
}

/** Says that a command may or may not have been carried out. */
class Unanswered extends Error {}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const done = new AbortController();
  const late = systemClock.sleep(ms, done.signal).then(async () => {
    // A process that was busy for so long finds the timer first, and then the answer that came long ago.
    await new Promise(setImmediate);
    if (done.signal.aborted) return new Promise<never>(() => undefined);
    throw new Unanswered(`no answer within ${ms / 1000} s`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    done.abort(ENDED);
  }
}

/** Another one after each start of the server; undefined where it may not be asked. */
async function runOf(client: RedisClientType): Promise<string | undefined> {
  const info = await client.info('server').catch(() => '');
  return /run_id:(\w+)/.exec(info)?.[1];
}

function hostOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== 'redis:' && parsed?.protocol !== 'rediss:') {
    throw new InputError([
      { message: 'the address of the reply cache: expected redis://HOST:PORT or rediss://HOST:PORT' },
    ]);
  }
  return parsed.host;
}
