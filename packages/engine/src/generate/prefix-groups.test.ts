import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prefixGroups } from './prefix-groups.js';

const prompt = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 2, maxLength: 6 });

/** Positions that a group reads, or Infinity where its prompts have nothing in common. */
function positions(prompts: readonly number[][]): number {
  let prefix = 0;
  while (prompts.every((p) => prefix < p.length - 1 && p[prefix] === prompts[0]![prefix])) prefix++;
  if (prefix === 0) return Infinity;
  return prefix + prompts.reduce((sum, p) => sum + p.length - 1 - prefix, 0);
}

/** Of all ways to part them. */
function fewestPositions([first, ...rest]: readonly number[][], most: number): number {
  if (!first) return 0;
  let best = Infinity;
  for (let chosen = 0; chosen < 2 ** rest.length; chosen++) {
    const group = [first, ...rest.filter((_, i) => (chosen >> i) & 1)];
    if (group.length > most) continue;
    const left = rest.filter((_, i) => !((chosen >> i) & 1));
    const sum = positions(group) + fewestPositions(left, most);
    if (sum < best) best = sum;
  }
  return best;
}

describe('prefixGroups', () => {
  it('reads as few positions as any grouping does, and every prompt once', () => {
    fc.assert(
      fc.property(fc.array(prompt, { maxLength: 6 }), fc.integer({ min: 2, max: 6 }), (prompts, most) => {
        const groups = prefixGroups(prompts, most);
        expect(groups.flatMap(({ members }) => members).toSorted((a, b) => a - b)).toEqual(
          prompts.map((_, i) => i),
        );
        let read = 0;
        for (const { members, prefix } of groups) {
          const [first, ...rest] = members.map((i) => prompts[i]!);
          expect(members.length).toBeLessThanOrEqual(most);
          expect(prefix).toBeGreaterThanOrEqual(1);
          for (const one of rest) expect(one.slice(0, prefix)).toEqual(first!.slice(0, prefix));
          read += prefix + members.reduce((sum, i) => sum + prompts[i]!.length - 1 - prefix, 0);
        }
        expect(read).toBe(fewestPositions(prompts, most));
      }),
      { seed: 6, numRuns: 300 },
    );
  });
});
