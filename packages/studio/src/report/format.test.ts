import { expect, test } from 'vitest';
import { decimal, difference, dollars, duration, interval, shorten, signed } from './format.js';

test('numbers as the report writes them', () => {
  expect(interval({ mean: 0.8312, low: 0.79, high: 0.8667, n: 128 })).toBe('0.83 [0.79, 0.87]');
  expect(interval({ mean: 0, low: 0, high: 0, n: 0 })).toBe('no data');
  expect(interval(null)).toBe('no data');
  expect(difference({ mean: -0.0004, low: -0.0012, high: 0.0004, n: 9 })).toBe('−0.0004 [−0.0012, 0.0004]');
  expect(difference({ mean: 0, low: 0, high: 0, n: 9 })).toBe('0.00 [0.00, 0.00]');
  expect([decimal(-0.001), signed(0.001), decimal(-2.5, 1), decimal(1e300)]).toEqual([
    '0.00',
    '0.00',
    '−2.5',
    '1.00e+300',
  ]);
  expect([0.44, 59.6, 59.4, 207, 7500].map(duration)).toEqual([
    '0.4 s',
    '1 min 00 s',
    '59 s',
    '3 min 27 s',
    '2 h 05 min',
  ]);
  expect([dollars(0.0042), dollars(12.3)]).toEqual(['$0.0042', '$12.30']);
  expect(shorten('😀😀😀', 2)).toBe('😀…');
});
