import { expect, it } from 'vitest';
import { createReplyCache } from './memory.js';

it('keeps the newest replies, up to its limit', () => {
  const cache = createReplyCache(2);
  const reply = (text: string) => ({ text, finish: 'stop' as const, inputTokens: 1, outputTokens: 1 });
  for (const key of ['a', '__proto__', 'a', 'c']) void cache.put(key, reply(key));
  expect(['a', '__proto__', 'c', 'constructor'].map((key) => cache.get(key))).toEqual([
    undefined,
    reply('__proto__'),
    reply('c'),
    undefined,
  ]);
});
