import { resolve } from 'node:path';
import { InputError, type ReplyCache } from '@touchstone/spec';
import type { CallsConfig } from '../schema.js';
import { redisLink, type RedisLink } from '../redis/link.js';
import { openRedisCache } from './redis.js';

/** Where a cache that is named by a configuration is looked for. */
export interface SharedCacheResources {
  /** Folder of the configuration, absolute. */
  baseDir: string;
  /** Default: the process's environment. */
  env?: Record<string, string | undefined> | undefined;
  /**
   * Opens a file of replies by its absolute path; `onProblem` is told when it cannot be used later on. Absent where there
   * is no SQLite, as in AWS Lambda: `cache.sqlite` then saves nothing, and changes no score.
   */
  openFileCache?: ((file: string, onProblem: (message: string) => void) => ReplyCache) | undefined;
}

/** What several processes share. */
export interface SharedCache {
  cache: ReplyCache;
  /** Where the cache is a Redis: the provider's limits are kept there too. */
  redis?: RedisLink;
}

/**
 * The cache that the configuration names, for other runs and other machines; undefined where it names none, or a file that
 * cannot be opened here. It goes with the process: it does not keep it alive, and what was put is kept already.
 *
 * @throws {InputError} when the file is something else, or the variable is not set or holds no address.
 */
export function openSharedCache(
  config: CallsConfig['cache'],
  { baseDir, env = process.env, openFileCache }: SharedCacheResources,
): SharedCache | undefined {
  if (config === undefined) return undefined;
  const { sqlite, redis_env } = config;
  const onProblem = (message: string): void => void process.stderr.write(`${message}\n`);
  if (sqlite !== undefined) {
    const cache = openFileCache?.(resolve(baseDir, sqlite), onProblem);
    return cache && { cache };
  }
  const url = env[redis_env!]?.trim();
  if (!url) {
    throw new InputError([
      { message: `cache.redis_env names ${redis_env}, which is not set; set it to redis://HOST:PORT` },
    ]);
  }
  const redis = redisLink(url, onProblem);
  return { cache: openRedisCache(redis), redis };
}
