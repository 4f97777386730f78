import type { RedisClientType } from '@redis/client';
import { InputError, type ReplyCache } from '@touchstone/spec';
import { systemClock, type Clock } from '../clock.js';
import { readStoredReply } from './stored-reply.js';

export interface RedisCacheOptions {
  /** Told once for each time that Redis cannot be used; never holds the address, which may have a password in it. */
  onProblem: (message: string) => void;
  clock?: Pick<Clock, 'now' | 'sleep'>;
}

export interface RedisCache extends ReplyCache {
  close(): void;
}

const PREFIX = 'touchstone:reply:';
/** Replies nobody asked for again for so long may go. */
const KEEP_SECONDS = 30 * 24 * 3600;
/** Redis answers in about a millisecond; a call to a model must not wait for one that does not. */
const PATIENCE_MS = 1000;
const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;

/**
 * Replies in a Redis or Valkey that several machines share. It never fails a call: while it cannot be reached, nothing
 * is found and nothing is kept. It is tried again with the first call after a pause, 1 s at first and 30 s at most.
 * The connection does not keep the process alive.
 *
 * @param url redis://[[user]:password@]host[:port][/database], or rediss:// for TLS
 * @throws {InputError} for an address of another kind; the message does not repeat it.
 */
export function openRedisCache(
  url: string,
  { onProblem, clock = systemClock }: RedisCacheOptions,
): RedisCache {
  const host = hostOf(url);
  let client: RedisClientType | undefined;
  let connecting: Promise<RedisClientType | undefined> | undefined;
  let isClosed = false;
  let pauseMs = FIRST_PAUSE_MS;
  let retryAt = -Infinity;
  let isReported = false;

  function giveUp(cause: unknown, failed: RedisClientType | undefined): void {
    if (failed && failed !== client && client !== undefined) return;
    if (failed?.isOpen) failed.destroy();
    client = undefined;
    if (isClosed) return;
    retryAt = clock.now() + pauseMs;
    pauseMs = Math.min(MAX_PAUSE_MS, 2 * pauseMs);
    if (isReported) return;
    isReported = true;
    const message = cause instanceof Error ? cause.message || cause.name : String(cause);
    onProblem(`the reply cache at ${host} cannot be used (${message}); going on without it`);
  }

  async function connect(): Promise<RedisClientType | undefined> {
    let fresh: RedisClientType | undefined;
    try {
      const { createClient } = await import('@redis/client');
      const made = createClient({
        url,
        disableOfflineQueue: true,
        maintNotifications: 'disabled',
        // Connecting again is done here, when there is a call that has a use for it.
        socket: { connectTimeout: PATIENCE_MS, reconnectStrategy: false },
      }) as unknown as RedisClientType;
      fresh = made;
      made.on('error', (error: unknown) => giveUp(error, made));
      made.unref();
      await withinPatience(made.connect());
      client = made;
      pauseMs = FIRST_PAUSE_MS;
      isReported = false;
      return made;
    } catch (error) {
      giveUp(error, fresh);
      return undefined;
    }
  }

  async function withinPatience<T>(work: Promise<T>): Promise<T> {
    const done = new AbortController();
    const late = clock.sleep(PATIENCE_MS, done.signal).then(() => {
      if (done.signal.aborted) return new Promise<never>(() => undefined);
      throw new Error(`no answer within ${PATIENCE_MS / 1000} s`);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      done.abort();
    }
  }

  /** What `command` gives, undefined when Redis cannot be used. */
  async function use<T>(command: (ready: RedisClientType) => Promise<T>): Promise<T | undefined> {
    if (isClosed || (!client && clock.now() < retryAt)) return undefined;
    const ready = client ?? (await (connecting ??= connect().finally(() => (connecting = undefined))));
    if (!ready) return undefined;
    try {
      return await withinPatience(command(ready));
    } catch (error) {
      giveUp(error, ready);
      return undefined;
    }
  }

  return {
    async get(key) {
      const text = await use((ready) => ready.get(PREFIX + key));
      return typeof text === 'string' ? readStoredReply(text) : undefined;
    },
    async put(key, reply) {
      await use((ready) =>
        ready.set(PREFIX + key, JSON.stringify(reply), { expiration: { type: 'EX', value: KEEP_SECONDS } }),
      );
    },
    close() {
      isClosed = true;
      if (client?.isOpen) client.destroy();
      client = undefined;
    },
  };
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
