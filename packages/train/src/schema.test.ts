import { expect, it } from 'vitest';
import { trainingSchema } from './schema.js';

it('takes the first algorithm where none is named, and refuses what that one does not know', () => {
  expect(trainingSchema.parse({})).toMatchObject({ algorithm: 'grpo', clip_high: 0.28 });
  expect(trainingSchema.parse({ algorithm: 'grpo' })).toEqual(trainingSchema.parse({}));
  expect(() => trainingSchema.parse({ algorithm: 'ppo' })).toThrow(/algorithm/);
  expect(() => trainingSchema.parse({ value_coefficient: 1 })).toThrow(/value_coefficient/);
});
