import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PER_GROUP, PER_ROW, prefixGroups } from './prefix-groups.js';

/** What it costs to read prompts as one group, or Infinity where they have nothing in common. */
function cost(prompts: readonly number[][]): number {
  let prefix = 0;
  while (prompts.every((p) => prefix < p.length - 1 && p[prefix] === prompts[0]![prefix])) prefix++;
  if (prefix === 0) return Infinity;
  const own = prompts.reduce((sum, p) => sum + p.length - 1 - prefix, 0);
  return prefix + own + PER_GROUP + (own > 0 ? prompts.length * PER_ROW : 0);
}

/** Of all ways to part them where they stand. */
function leastCost(prompts: readonly number[][]): number {
  const heads = prompts.map((_, i) => cost(prompts.slice(0, i + 1)) + leastCost(prompts.slice(i + 1)));
  return prompts.length === 0 ? 0 : Math.min(...heads);
}

const letter = (token: number): string => String.fromCharCode(97 + token);

describe('prefixGroups', () => {
  // Long runs, so that some are worth sharing and some are not.
  const prompt = fc
    .array(fc.record({ token: fc.integer({ min: 0, max: 2 }), times: fc.constantFrom(1, 10, 60) }), {
      minLength: 1,
      maxLength: 4,
    })
    .map((runs) => [...runs.flatMap(({ token, times }) => Array<number>(times).fill(token)), 9]);

  it('is as cheap as any way to part them in order, and has every prompt once', () => {
    fc.assert(
      fc.property(fc.array(prompt, { maxLength: 6 }), (prompts) => {
        const groups = prefixGroups(prompts, 6);
        const members = groups.flatMap((group) => group.members);
        expect(members.toSorted((a, b) => a - b)).toEqual(prompts.map((_, i) => i));
        for (const {
          members: [first, ...rest],
          prefix,
        } of groups) {
          expect(prompts[first!]!.length).toBeGreaterThan(prefix);
          for (const i of rest)
            expect(prompts[i]!.slice(0, prefix)).toEqual(prompts[first!]!.slice(0, prefix));
        }
        const sum = groups.reduce((all, { members: some }) => all + cost(some.map((i) => prompts[i]!)), 0);
        const inOrder = prompts.toSorted((a, b) =>
          a.map(letter).join('') < b.map(letter).join('') ? -1 : 1,
        );
        expect(sum).toBe(leastCost(inOrder));
      }),
      { seed: 6, numRuns: 300 },
    );
  });

  it('never has more prompts in a group than it may', () => {
    const prompts = Array.from({ length: 7 }, () => [1, 2, 3]);
    const sizes = prefixGroups(prompts, 3).map(({ members }) => members.length);
    expect(sizes.toSorted((a, b) => a - b)).toEqual([1, 3, 3]);
  });
});
