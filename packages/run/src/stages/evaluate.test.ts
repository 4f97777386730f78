import { rewardSchema } from '@touchstone/core';
import { expect, it } from 'vitest';
import { jsonReader } from './evaluate.js';

it.each([
  ['{"a": 1}', true],
  ['[]', true],
  ['{"a": 1', false],
  // What people answer where nobody has asked for JSON.
  ['42', false],
  ['true', false],
  ['null', false],
  ['"a quote"', false],
])('of %s, whether it is a JSON object or list: %s', (response, isJson) => {
  expect(jsonReader({ reward: rewardSchema.parse({}) })(response)).toBe(isJson);
});
