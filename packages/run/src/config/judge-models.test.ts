import { judgeSchema } from '@touchstone/core';
import { expect, it } from 'vitest';
import { keyVariablesOf, modelsOf } from './judge-models.js';

it('finds every model of a judge with its place, its key and its cache, in members and stand-ins too', () => {
  const base = { objective: 'o', criteria: [{ name: 'A', question: 'q' }] };
  const judge = judgeSchema.parse({
    kind: 'cascade',
    first: {
      ...base,
      model: 'openai-compatible:m',
      base_url: 'https://h/v1',
      cache: { redis_env: 'CACHE' },
      fallbacks: [{ model: 'anthropic:b' }, { model: 'openai-compatible:plain', base_url: 'http://h/v1' }],
    },
    second: {
      kind: 'panel',
      members: {
        x: { ...base, model: 'ai-sdk:p#m', api_key_env: 'MINE' },
        y: { ...base, model: 'bedrock:c' },
      },
    },
  });
  expect(modelsOf(judge).map(({ id, keyVariable, path }) => [id, keyVariable, path.join('.')])).toEqual([
    ['openai-compatible:m', 'OPENAI_API_KEY', 'first'],
    ['anthropic:b', 'ANTHROPIC_API_KEY', 'first.fallbacks.0'],
    ['openai-compatible:plain', undefined, 'first.fallbacks.1'],
    ['ai-sdk:p#m', 'MINE', 'second.members.x'],
    ['bedrock:c', undefined, 'second.members.y'],
  ]);
  expect(keyVariablesOf(judge)).toEqual(['ANTHROPIC_API_KEY', 'CACHE', 'MINE', 'OPENAI_API_KEY']);
  expect(modelsOf(undefined)).toEqual([]);
});
