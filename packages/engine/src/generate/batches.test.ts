import { largest } from '@touchstone/spec';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { batchesOf } from './batches.js';

it('has every prompt once, in batches of about the same size for all tracks', () => {
  // Few words, so that prompts begin alike and are equal.
  const prompts = fc.array(fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 2, maxLength: 6 }), {
    minLength: 1,
    maxLength: 700,
  });
  fc.assert(
    fc.property(prompts, fc.integer({ min: 1, max: 4 }), (asked, tracks) => {
      const batches = batchesOf(asked, tracks, 10, () => true).map((groups) =>
        groups.flatMap(({ members }) => members),
      );
      expect(batches.flat().sort((a, b) => a - b)).toEqual(asked.map((_, i) => i));
      const sizes = batches.map((rows) => rows.length);
      const share = asked.length / batches.length;
      expect(largest(sizes)).toBeLessThanOrEqual(Math.max(16, 2 * Math.ceil(share)));
      expect(largest(sizes)).toBeLessThanOrEqual(256);
      if (asked.length >= 16 * tracks) expect(batches.length).toBeGreaterThanOrEqual(tracks);
    }),
    { numRuns: 200 },
  );
});
