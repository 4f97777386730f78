import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cut, seen, widthOf, wrap } from './width.js';

it('shows what would steer a terminal, or hide', () => {
  const hostile = 'a\x1b]0;owned\x07\x9b31m\u202Eb\u200b\u{E0041}\u2028c\r\nd\tf\x00';
  expect(seen(hostile)).toBe('a�]0;owned��31m�b���c\nd    f�');
  expect(seen('👩‍⚖️ می‌خواهم é')).toBe('👩‍⚖️ می‌خواهم é');
  expect([...seen(`a${'\u0301'.repeat(500)}`)]).toHaveLength(10);
});

it('wraps between words, and what is wide by its width', () => {
  expect(wrap('one two  three\n\nfour', 9)).toEqual(['one two', 'three', '', 'four']);
  expect(wrap('日本語の文字', 5)).toEqual(['日本', '語の', '文字']);
  expect(wrap('a'.repeat(7), 3)).toEqual(['aaa', 'aaa', 'a']);
  expect(cut('日本語', 5)).toBe('日本…');
  expect(cut('abc', 3)).toBe('abc');
});

it('no line is wider than the terminal, and no letter is lost', () => {
  const unit = fc.constantFrom('a', ' ', '日', '🙂', 'é', '-', '\n', '\t', '\x1b', 'word ');
  fc.assert(
    fc.property(
      fc.array(unit, { maxLength: 60 }).map((parts) => parts.join('')),
      fc.integer({ min: 2, max: 20 }),
      (text, columns) => {
        const lines = wrap(seen(text), columns);
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns);
        const letters = (of: string): string => of.replaceAll(/\s/g, '');
        expect(letters(lines.join(''))).toBe(letters(seen(text)));
      },
    ),
    { numRuns: 200 },
  );
});
