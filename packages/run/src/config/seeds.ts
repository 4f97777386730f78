import { z } from 'zod';

/** More trainings than this are a mistake, or a list of seeds that somebody goes through. */
const MOST = 100;
/** What is said of anything else. */
export const SEEDS_EXPECTED = `expected a number of trainings, 2 to ${MOST}, or different seeds, such as 1,2,5`;

/** How many trainings, or with which seeds. */
export const seedsSchema = z.union(
  [
    z.int().min(2).max(MOST),
    z
      .array(z.int().min(0).max(999_999_999))
      .min(2)
      .max(MOST)
      .refine((seeds) => new Set(seeds).size === seeds.length, SEEDS_EXPECTED),
  ],
  { error: SEEDS_EXPECTED },
);
export type Seeds = z.output<typeof seedsSchema>;

/** The seeds of trainings in order. @param first the seed that a number of them begins with. */
export const seedsOf = (seeds: Seeds, first: number): number[] =>
  (typeof seeds === 'number' ? Array.from({ length: seeds }, (_, i) => first + i) : [...seeds]).sort(
    (a, b) => a - b,
  );
