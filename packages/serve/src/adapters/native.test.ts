import { expect, it } from 'vitest';
import { native } from './native.js';

it('refuses a misspelt option by name, and lets the words of others be', () => {
  expect(() => native.read({ rollouts: [], dedline_ms: 5 })).toThrow(/dedline_ms.*did you mean deadline_ms/);
  expect(() => native.read({ rollouts: [], trainer: 'mine' })).not.toThrow();
});
