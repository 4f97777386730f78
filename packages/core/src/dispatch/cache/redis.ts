import type { RedisClientType } from '@redis/client';
import type { ReplyCache } from '@touchstone/spec';
import { randomUUID } from 'node:crypto';
import { isRefusal, type RedisLink } from '../redis/link.js';
import { CLAIM, RELEASE } from './claim-script.js';
import { readStoredReply } from './stored-reply.js';
import { openWaitingRoom, type Found } from './waiting-room.js';

const REPLY = 'touchstone:reply:';
const ASKING = 'touchstone:asking:';
const PROCESS = 'touchstone:process:';
const SETTLING = 'touchstone:settling';

/** Replies nobody asked for again for so long may go. */
const KEEP_SECONDS = 30 * 24 * 3600;
/** A process that has not said for so long that it lives is taken to be dead, and another may ask its questions. */
const LIFE_MS = 10_000;
const RENEW_MS = 3000;
/** Longer than any call takes. */
const LONGEST_CLAIM_MS = 3_600_000;
/** Who was connected to a Redis that restarts says so by then, or is taken to be dead as ever. */
const SETTLING_MS = LIFE_MS;
/** The latest replies of this process are put again when Redis comes back: it may have lost what it did not save. */
const REMEMBERED = 4096;

/**
 * Replies in a Redis or Valkey that several machines share. It never fails a call: while Redis cannot be reached, nothing
 * is found, and what is put is kept until it is back. A question that another process is asking waits for that reply.
 */
export function openRedisCache(link: RedisLink): ReplyCache {
  const me = randomUUID();
  const remembered = new Map<string, string>();
  /** Questions that this process may ask, and those whose right it has not been able to give back. */
  const held = new Set<string>();
  const orphans = new Set<string>();
  let renewal: NodeJS.Timeout | undefined;

  const live = (client: RedisClientType): Promise<unknown> =>
    client.set(PROCESS + me, '1', { expiration: { type: 'PX', value: LIFE_MS } });
  const giveBack = (client: RedisClientType, key: string): Promise<unknown> =>
    client.eval(RELEASE, { keys: [ASKING + key], arguments: [me] });

  link.onConnect(async (client, isAnother) => {
    if (isAnother) {
      const expiration = { type: 'PX', value: SETTLING_MS } as const;
      await client.set(SETTLING, '1', { expiration, condition: 'NX' });
    }
    if (held.size > 0) await live(client);
    const keep = { expiration: { type: 'EX', value: KEEP_SECONDS }, condition: 'NX' } as const;
    const claim = { expiration: { type: 'PX', value: LONGEST_CLAIM_MS }, condition: 'NX' } as const;
    await Promise.all([
      ...[...remembered].map(([key, text]) => client.set(REPLY + key, text, keep)),
      ...[...held].map((key) => client.set(ASKING + key, me, claim)),
      ...[...orphans].map((key) => giveBack(client, key)),
    ]);
    orphans.clear();
  });

  /** The process says that it lives as long as it has a right to ask. */
  function hold(key: string): void {
    held.add(key);
    orphans.delete(key);
    renewal ??= setInterval(() => {
      if (held.size > 0) return void link.use(live);
      clearInterval(renewal);
      renewal = undefined;
    }, RENEW_MS).unref();
  }

  async function release(key: string): Promise<void> {
    held.delete(key);
    if ((await link.use((client) => giveBack(client, key))) === undefined) orphans.add(key);
  }

  const look = (keys: readonly string[]): Promise<Found[]> => lookFor(link, me, keys);
  const waitFor = openWaitingRoom(look, release);

  return {
    async get(key) {
      const text = await link.use((client) => client.get(REPLY + key));
      return typeof text === 'string' ? readStoredReply(text) : undefined;
    },
    async reserve(key, signal) {
      const [first] = await look([key]);
      const isLater = first === 'later' && !signal.aborted;
      const found = isLater ? await waitFor(key, signal) : first === 'later' ? undefined : first;
      if (found !== undefined) return found;
      if (!signal.aborted) hold(key);
      else await release(key);
      return undefined;
    },
    async release(key) {
      if (held.has(key)) await release(key);
    },
    async put(key, reply) {
      const text = JSON.stringify(reply);
      remembered.delete(key);
      remembered.set(key, text);
      for (const oldest of remembered.keys()) {
        if (remembered.size <= REMEMBERED) break;
        remembered.delete(oldest);
      }
      await link.use((client) =>
        client.set(REPLY + key, text, { expiration: { type: 'EX', value: KEEP_SECONDS } }),
      );
      if (held.has(key)) await release(key);
    },
  };
}

/** What became of each question: a reply, undefined where this process may ask it, `later` where it must wait. */
async function lookFor(link: RedisLink, me: string, keys: readonly string[]): Promise<Found[]> {
  let isRefused = false;
  const answers: unknown = await link.use((client) =>
    client
      .eval(CLAIM, {
        keys: keys.flatMap((key) => [REPLY + key, ASKING + key]),
        arguments: [me, PROCESS, `${LIFE_MS}`, `${LONGEST_CLAIM_MS}`, SETTLING],
      })
      .catch(async (error: unknown) => {
        isRefused = await isRefusal(error);
        throw error;
      }),
  );
  if (!Array.isArray(answers)) {
    // A Redis that is there, and will not be asked, will not be back. One that was lost and is back already is asked again.
    const isHopeless = isRefused || link.isGone();
    return keys.map(() => (isHopeless ? undefined : 'later'));
  }
  return keys.map((_, i) => {
    const answer: unknown = answers[i];
    if (answer === 0) return 'later';
    return typeof answer === 'string' ? readStoredReply(answer) : undefined;
  });
}
