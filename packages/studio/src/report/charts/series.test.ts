import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rollingMean, spread } from './series.js';

test('rolling mean: centered, shorter at the ends, blind to nulls', () => {
  expect(rollingMean([1, 2, 6, null, 4], 1)).toEqual([1.5, 3, 4, null, 4]);
  expect(rollingMean([1, 5, 9], 0)).toEqual([1, 5, 9]);
});

test('labels are apart, in order, and end above the limit', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 230 }), { maxLength: 8 }), (positions) => {
      const placed = spread(positions, 16, 232);
      const order = positions.map((_, i) => i).sort((a, b) => positions[a]! - positions[b]! || a - b);
      order.forEach((i, at) => {
        expect(placed[i]).toBeLessThanOrEqual(232);
        if (at > 0) expect(placed[i]! - placed[order[at - 1]!]!).toBeGreaterThanOrEqual(16);
      });
    }),
  );
  expect(spread([10, 100, 50], 16, 232)).toEqual([10, 100, 50]);
});
