import { largest } from '@touchstone/spec';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { batchesOf, loadOf } from './batches.js';
import type { DecodingLoad } from './load.js';

it('has every prompt once, in batches of about the same size for all tracks', () => {
  // Few words, so that prompts begin alike and are equal.
  const prompts = fc.array(fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 2, maxLength: 6 }), {
    minLength: 1,
    maxLength: 700,
  });
  fc.assert(
    fc.property(prompts, fc.integer({ min: 1, max: 4 }), (asked, tracks) => {
      const batches = batchesOf(asked, tracks, 10, { fits: () => true, work: ({ slots }) => slots }).map(
        (groups) => groups.flatMap(({ members }) => members),
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

it('does not fill many small groups up to a large one, nor long rests into rows that share more', () => {
  const row = (start: number, shared: number, own: number, i: number): number[] => [
    ...Array<number>(shared).fill(start),
    ...Array<number>(own).fill(100 + i),
  ];
  // Forty that share a word, and twelve times three that share nearly all.
  const prompts = [
    ...Array.from({ length: 40 }, (_, i) => row(1, 4, 96, i)),
    ...Array.from({ length: 36 }, (_, i) => row(2 + Math.floor(i / 3), 90, 10, i)),
  ];
  const work = ({ slots, suffix, prefixes, prefix }: DecodingLoad): number =>
    slots * suffix + prefixes * prefix;
  const batches = batchesOf(prompts, 2, 10, { fits: () => true, work });
  const total = batches.map((batch) => work(loadOf(prompts, batch, 10))).reduce((sum, of) => sum + of, 0);
  const alone = prompts.reduce((sum, { length }) => sum + length - 1, 0);
  expect(total).toBeLessThanOrEqual(alone);
});

it('leaves the others together where one prompt is too long for the memory', () => {
  const short = Array.from({ length: 500 }, (_, i) =>
    Array.from({ length: 40 }, (_, t) => (i * 31 + t * t) % 90),
  );
  const long = Array.from({ length: 4000 }, (_, t) => t % 90);
  const estimates = {
    fits: ({ slots, prefixes, prefix, suffix }: DecodingLoad) => slots * suffix + prefixes * prefix < 3000,
    work: ({ slots, prefix, suffix }: DecodingLoad) => slots * (prefix + suffix),
  };
  const without = batchesOf(short, 2, 10, estimates);
  const batches = batchesOf([...short, long], 2, 10, estimates);
  // Its batch is halved until it is alone.
  expect(batches.length).toBeLessThan(without.length + 16);
  expect(batches.flat().flatMap(({ members }) => members)).toHaveLength(501);
});
