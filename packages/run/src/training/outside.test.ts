import { expect, it } from 'vitest';
import { withoutGaps } from './outside.js';

async function* told(steps: number[]) {
  for (const step of steps) yield await Promise.resolve({ step });
}
const read = async (...steps: number[]): Promise<number[]> => {
  const found: number[] = [];
  for await (const { step } of withoutGaps(told(steps))) found.push(step);
  return found;
};

it('steps come one after the other, and again where they were made again', async () => {
  expect(await read(1, 2, 3, 2, 3, 4)).toEqual([1, 2, 3, 2, 3, 4]);
});

it.each([
  ['the first', [2, 3]],
  ['one between', [1, 2, 4]],
  ['one after those that were made again', [1, 2, 3, 1, 3]],
])('%s that is left out is missed, though the last one is there', async (_, steps) => {
  await expect(read(...steps)).rejects.toThrow(/tells of step \d after step \d: .* is missing/);
});
