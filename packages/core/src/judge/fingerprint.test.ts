import type { LanguageModel } from '@touchstone/spec';
import { describe, expect, it } from 'vitest';
import { CHANGES_NO_VERDICT, fingerprintOf } from './fingerprint.js';
import { judgeSchema } from './kinds.js';
import { rubricSchema } from './rubric/schema.js';

const rubric = {
  model: 'anthropic:claude-sonnet-4-5',
  objective: 'Is it good?',
  criteria: [{ name: 'good', question: 'Is it good?' }],
};
const model = {
  id: rubric.model,
  version: '1',
  structuredOutput: true,
  generate: () => Promise.reject(new Error('not asked')),
};
const of = (more: object, ours?: unknown): string =>
  fingerprintOf(judgeSchema.parse({ ...rubric, ...more }), { model, ours });

describe('the fingerprint', () => {
  it.each([
    { tries: 3 },
    { temperature: 1 },
    { max_tokens: 7 },
    { inputs: { document: 'metadata.document' } },
    { unit: 'item' },
    { logprobs: 5 },
    { temperature: null },
    { seed: false },
    { max_tokens_field: 'max_tokens' },
    { extra_body: { reasoning_effort: 'low' } },
  ])('counts %j', (more) => {
    expect(of(more)).not.toBe(of({}));
  });

  it.each([
    { concurrency: 3 },
    { price: { input: 1, output: 2 } },
    { api_key_env: 'MY_KEY' },
    { budget: { tokens: 5 } },
    { hedge: { share: 0 } },
  ])('does not count %j', (more) => {
    expect(of(more)).toBe(of({}));
  });

  it('counts the models that stand in by what they are, and not how they are asked', () => {
    const fallback = { model: 'local:other' };
    const withStandIn = (settings: object, standIn: Partial<LanguageModel>): string =>
      fingerprintOf(judgeSchema.parse({ ...rubric, fallbacks: [{ ...fallback, ...settings }] }), {
        model,
        fallbacks: [{ ...model, id: 'local:other', version: 'its weights', ...standIn }],
      });
    const print = withStandIn({}, {});
    expect(print).not.toBe(of({}));
    expect(withStandIn({ concurrency: 3, api_key_env: 'MY_KEY' }, {})).toBe(print);
    expect(withStandIn({ model: 'local:elsewhere' }, { id: 'local:elsewhere' })).toBe(print);
    expect(withStandIn({}, { version: 'other weights' })).not.toBe(print);
    expect(withStandIn({ temperature: 0.5 }, {})).not.toBe(print);
  });

  it('counts what is ours, and is the same for settings in another order', () => {
    expect(of({}, 1)).not.toBe(of({}, 2));
    const [a, b] = [
      { x: 1, y: { z: 2, w: 3 } },
      { y: { w: 3, z: 2 }, x: 1 },
    ];
    expect(fingerprintOf(a, { model })).toBe(fingerprintOf(b, { model }));
  });

  it('names settings that there are', () => {
    const known = Object.keys(rubricSchema.shape);
    expect([...CHANGES_NO_VERDICT].filter((name) => !known.includes(name))).toEqual([]);
  });
});
