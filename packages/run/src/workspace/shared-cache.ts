import { resolve } from 'node:path';
import { openRedisCache, type CallsConfig } from '@touchstone/core';
import { InputError, type ReplyCache } from '@touchstone/spec';
import { openReplyCache } from '@touchstone/store';

/**
 * The cache that the configuration names, for other runs and other machines. It goes with the process: neither of the two
 * keeps it alive, and what was put is kept already.
 *
 * @throws {InputError} when the file is something else, or the variable is not set or holds no address.
 */
export function openSharedCache(
  { sqlite, redis_env }: NonNullable<CallsConfig['cache']>,
  baseDir: string,
): ReplyCache {
  const onProblem = (message: string): void => void process.stderr.write(`${message}\n`);
  if (sqlite !== undefined) return openReplyCache(resolve(baseDir, sqlite), onProblem);
  const url = process.env[redis_env!]?.trim();
  if (!url) {
    throw new InputError([
      { message: `cache.redis_env names ${redis_env}, which is not set; set it to redis://HOST:PORT` },
    ]);
  }
  return openRedisCache(url, { onProblem });
}
