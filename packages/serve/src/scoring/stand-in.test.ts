import { NO_USAGE } from '@touchstone/spec';
import { expect, it } from 'vitest';
import type { Outcome } from './outcome.js';
import { numbersFor } from './stand-in.js';

const parts = { components: [], verdicts: [], usage: NO_USAGE };
const scored = (score: number): Outcome => ({ status: 'scored', score, ...parts });
const abstained: Outcome = { status: 'abstained', reason: 'timeout', detail: '', ...parts };

it('stands in by policy, within the group and never across', () => {
  const outcomes = [
    scored(0.2),
    abstained,
    scored(0.4),
    abstained,
    { status: 'failed', detail: '' } as const,
  ];
  const groups = ['a', 'a', 'a', 'b', 'a'];
  expect(numbersFor(outcomes, groups, 'mask')).toEqual([0.2, 0.5, 0.4, 0.5, 0.5]);
  expect(numbersFor(outcomes, groups, 'group-mean')).toEqual([
    0.2,
    expect.closeTo(0.3, 12),
    0.4,
    0.5,
    expect.closeTo(0.3, 12),
  ]);
  // The others of the group came in other requests.
  const gathered = { size: 4, expected: 4, late: false, mean: 0.75 };
  expect(numbersFor([{ ...abstained, gathered }], ['a'], 'group-mean')).toEqual([0.75]);
});
