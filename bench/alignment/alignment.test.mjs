import { expect, test } from 'vitest';
import { simulate } from './product.mjs';

test('a simulated product: each criterion has its name at the number of answers that a pilot asks for', () => {
  const { right, wrong, asked, thorough_by_itself: byItself } = simulate(1, 80);
  expect(wrong).toEqual([]);
  expect(right).toBe(true);
  expect(asked).toBeGreaterThan(500);
  expect(asked).toBeLessThan(10_000);
  expect(byItself.low).toBeGreaterThan(0.1);
});
