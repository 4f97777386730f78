import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrange } from './arrange.js';
import { pack } from './micro-batches.js';

const lengths = (min: number, max: number) =>
  fc.array(fc.integer({ min, max }), { minLength: 1, maxLength: 40 });
const row = (token: number, length: number): number[] => Array.from({ length }, () => token);

describe('micro-batches', () => {
  it('has each sequence once and each prompt once while its group is small', () => {
    fc.assert(
      fc.property(fc.array(lengths(1, 60), { minLength: 1, maxLength: 8 }), (groups) => {
        const sequences = groups.flatMap((answers, i) =>
          answers.map((length) => ({ tokens: row(i, 30 + length), start: 30, columns: { id: i } })),
        );
        const batches = arrange(sequences, 4096, () => true).map((batch) => pack(batch, sequences, ['id']));
        expect(batches.flatMap(({ order }) => order).toSorted((a, b) => a - b)).toEqual(
          sequences.map((_, i) => i),
        );
        // Of each micro-batch one token is padding, and of each answer the last is only predicted.
        const computed = batches.reduce((sum, { feeds }) => sum + feeds['tokens']!.data.length - 1, 0);
        const answers = groups.flat().reduce((sum, length) => sum + length - 1, 0);
        expect(computed).toBe(30 * groups.length + answers);
        for (const { feeds } of batches)
          expect(feeds['tokens']!.data.length).toBeLessThan(2048 + 30 + 60 * 40);
      }),
    );
  });

  it('keeps the tables of attention small, however unequal the answers are', () => {
    fc.assert(
      fc.property(lengths(1, 40), fc.integer({ min: 500, max: 4000 }), (short, long) => {
        const sequences = [...short, long].map((length) => ({
          tokens: row(7, 20 + length),
          start: 20,
          columns: {},
        }));
        const cells = arrange(sequences, 8192, () => true).map((batch) => {
          const [height, width] = pack(batch, sequences, []).feeds['answers']!.dims as [number, number];
          return height * width * width;
        });
        expect(cells.reduce((a, b) => a + b)).toBeLessThan(4 * long ** 2 + 2e6);
      }),
    );
  });
});
