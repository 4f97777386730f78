import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkOf, evaluate, scoreOf } from './check.testing.js';
import { checkSchema } from './index.js';

describe('length', () => {
  const soft = { type: 'length', min: 10, max: 20, tolerance: 10 };
  it.each([
    [0, 0],
    [5, 0.5],
    [10, 1],
    [20, 1],
    [21, 0.9],
    [30, 0],
    [99, 0],
  ])('%i characters score %f', async (n, expected) =>
    expect(await scoreOf(soft, '😀'.repeat(n))).toBeCloseTo(expected, 12),
  );

  it('is a hard limit without tolerance', async () => {
    expect(await scoreOf({ type: 'length', max: 3 }, 'abc')).toBe(1);
    expect(await scoreOf({ type: 'length', max: 3 }, 'abcd')).toBe(0);
    expect(checkSchema.safeParse({ type: 'length', min: 5, max: 3 }).success).toBe(false);
  });

  it('counts tokens where somebody can, and refuses where nobody can', async () => {
    const countTokens = (text: string) => text.split(' ').length;
    const config = { type: 'length', unit: 'tokens', max: 2 };
    expect(await evaluate(config, 'one two three', { countTokens })).toEqual({
      score: 0,
      detail: '3 tokens, expected 0 to 2',
    });
    expect(() => checkOf(config)).toThrow('needs the tokenizer of the policy');
  });
});

describe("DAPO's overlong shaping", () => {
  it('is 1 + R of the paper, at every length', async () => {
    // Equation 13 of arXiv 2503.14476, as printed.
    const punishment = (length: number, max: number, cache: number): number => {
      if (length <= max - cache) return 0;
      return length <= max ? (max - cache - length) / cache : -1;
    };
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 60 }), fc.nat(60), fc.nat(200), async (cache, more, n) => {
        const max = cache + more;
        const score = await scoreOf({ type: 'length', max, cache }, 'x'.repeat(n));
        expect(score).toBeCloseTo(1 + punishment(n, max, cache), 12);
      }),
      { seed: 1 },
    );
  });

  it('needs a maximum above the cache, and no tolerance beside it', () => {
    expect(checkSchema.safeParse({ type: 'length', cache: 5 }).success).toBe(false);
    expect(checkSchema.safeParse({ type: 'length', max: 4, cache: 5 }).success).toBe(false);
    expect(checkSchema.safeParse({ type: 'length', max: 9, cache: 5, tolerance: 1 }).success).toBe(false);
  });
});
