import { expect, it } from 'vitest';
import { trainingSchema } from './schema.js';

it('takes the first algorithm where none is named, and refuses what that one does not know', () => {
  expect(trainingSchema.parse({})).toMatchObject({ algorithm: 'grpo', clip_high: 0.28 });
  expect(trainingSchema.parse({ algorithm: 'grpo' })).toEqual(trainingSchema.parse({}));
  expect(() => trainingSchema.parse({ algorithm: 'ppo' })).toThrow(/algorithm/);
  expect(() => trainingSchema.parse({ value_coefficient: 1 })).toThrow(/value_coefficient/);
});

it.each(['http://me:secret@head:8265', 'http://head:8265/?token=secret'])(
  'takes no secret in the address of a cluster, which stands in files and messages: %s',
  (address) => {
    expect(() => trainingSchema.parse({ ray: { address } })).toThrow(/RAY_AUTH_TOKEN holds the token/);
    expect(trainingSchema.parse({ ray: { address: 'http://head:8265/ray/' } }).ray).toEqual({
      address: 'http://head:8265/ray/',
    });
  },
);
