import { InputError } from '@touchstone/spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFormula } from './formula.js';

const value = (text: string, values: Record<string, number> = {}): number =>
  parseFormula(text).evaluate((name) => values[name] ?? NaN);

describe('a formula', () => {
  it.each([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['8 / 4 / 2', 1],
    ['2 ^ 3 ^ 2', 512],
    ['-2 ^ 2 + 1', 5],
    ['2 * 3 ^ 2', 18],
    ['+1 - -2', 3],
    ['1.5e1', 15],
    ['min(3, 1, 2) + max(4, 5)', 6],
    ['abs(-2) + floor(1.7) + ceil(1.2)', 5],
    ['exp(0) + sqrt(9) + log(1)', 4],
    ['0.5 * a + 0.5 * b', 0.75],
    ['max(a, b)^2', 1],
  ])('%s is %f', (text, expected) => expect(value(text, { a: 1, b: 0.5 })).toBeCloseTo(expected, 12));

  it('lists its names, each once', () => {
    expect(parseFormula('a + min(b_2, a) * 2').names).toEqual(['a', 'b_2']);
  });

  it.each([
    '',
    'a +',
    'a b',
    'a; b',
    'a, b',
    '"a"',
    'true',
    'a.b',
    'a["b"]',
    'a % 2',
    'a == 2',
    'a && b',
    'a ? 1 : 2',
    '[1]',
    '!a',
    'this',
    'eval(a)',
    'constructor(1)',
    'min.call(1)',
    'min()',
    'abs(1, 2)',
    'a = 1',
    `${'('.repeat(600)}a`,
    'a+'.repeat(600),
  ])('refuses %j', (text) => expect(() => parseFormula(text)).toThrow(InputError));

  it('never fails in any other way', () => {
    const pieces = fc.constantFrom(
      ...'0 1 . a e + - * / ^ ( ) , [ ] " \' \\ { } min( log( this ? : = ! ~ % & | ` ;'.split(' '),
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string({ maxLength: 2 })), { maxLength: 20 }), (parts) => {
        try {
          expect(typeof value(parts.join(''))).toBe('number');
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
      { seed: 4, numRuns: 3000 },
    );
  });
});
