import { expect, it } from 'vitest';
import { nearest } from './nearest.js';

it('suggests the nearest name, and none when nothing is near', () => {
  expect(nearest('learning-rate', ['learning_rate', 'steps'])).toBe('learning_rate');
  expect(nearest('grpup_size', ['group_size', 'steps'])).toBe('group_size');
  expect(nearest('stpes', ['steps', 'seed'])).toBe('steps');
  expect(nearest('x', ['steps', 'seed'])).toBeUndefined();
  expect(nearest('', ['steps'])).toBeUndefined();
});
