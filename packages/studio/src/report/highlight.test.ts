import fc from 'fast-check';
import { expect, test } from 'vitest';
import { highlight } from './highlight.js';

const document = 'Payment is due within 75 days. “Net terms” – as\n agreed – apply.';
const marked = (quotes: string[]): string[] =>
  highlight(document, [{ by: 'rft', quotes }])
    .filter(({ by }) => by.length > 0)
    .map(({ text }) => text);

test('finds a quote across curly quotes, dashes and line breaks, and marks the text as the document has it', () => {
  expect(marked(['"Net terms" - as agreed'])).toEqual(['“Net terms” – as\n agreed']);
  expect(marked(['within 60 days', '', '   '])).toEqual([]);
});

test('overlapping and nested quotes of several models are cut where the quoting models change', () => {
  const segments = highlight(document, [
    { by: 'sft', quotes: ['Payment is due'] },
    { by: 'rft', quotes: ['due within 75', 'within'] },
  ]);
  expect(segments.slice(0, 4)).toEqual([
    { text: 'Payment is ', by: ['sft'] },
    { text: 'due', by: ['sft', 'rft'] },
    { text: ' within 75', by: ['rft'] },
    { text: ' days. “Net terms” – as\n agreed – apply.', by: [] },
  ]);
});

test('the segments are the document, whatever is quoted, and a substring of it is always marked', () => {
  const letters = fc.string({
    unit: fc.constantFrom('a', 'b', ' ', '\n', '“', '"', '–', '\u200b', '😀', '<', '&'),
    maxLength: 40,
  });
  fc.assert(
    fc.property(letters, fc.array(letters), fc.nat(), fc.nat(), (text, quotes, from, length) => {
      const own = text.slice(from % (text.length + 1)).slice(0, length % 8);
      const segments = highlight(text, [
        { by: 'a', quotes },
        { by: 'b', quotes: [own] },
      ]);
      expect(segments.map((s) => s.text).join('')).toBe(text);
      expect(segments.some((s) => /\p{Cs}/u.test(s.text))).toBe(false);
      if (own.replace(/[\s\u200b]/g, '') !== '') expect(segments.some((s) => s.by.includes('b'))).toBe(true);
    }),
  );
});
