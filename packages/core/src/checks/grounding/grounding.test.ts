import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate, scoreOf, taskWith } from '../check.testing.js';
import { checkSchema } from '../index.js';
import { approximateSearch } from './approximate.js';
import { coverageOf } from './coverage.js';
import { wordsIn } from './quote-length.js';
import { normaliseTypography } from '../../text/typography.js';

const document = '1. Payment.\n   The “Supplier” shall be paid within 30\u00a0days — at the latest…\n2. Law.';
const config = { type: 'grounding', quotes: 'text_excerpt', document: 'metadata.document', min_words: 0 };
const task = taskWith({ document });
const items = (...quotes: unknown[]) => JSON.stringify(quotes.map((text_excerpt) => ({ text_excerpt })));

describe('grounding', () => {
  it.each([
    [items('The "Supplier" shall be paid within 30 days - at the latest...'), 1],
    [items('2. Law.', 'no such text'), 0.5],
    [items('2. law.'), 0],
    [items('', '2. Law.', null, 7), 0.25],
    [items(['2. Law.', 'Payment']), 1],
    ['{"text_excerpt":"Payment"}', 1],
    ['[{}]', 0],
    ['[]', 0],
    ['"Payment"', 0],
    ['not JSON', 0],
    ['[{"__proto__":{"text_excerpt":"Payment"}}]', 0],
  ])('%s scores %f', async (response, expected) =>
    expect(await scoreOf(config, response, { task })).toBe(expected),
  );

  it('finds every verbatim piece of a document, whatever is in it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme', minLength: 1 }),
        fc.string(),
        fc.string(),
        async (quote, before, after) => {
          fc.pre(normaliseTypography(quote) !== '');
          const whole = taskWith({ document: `${before} ${quote} ${after}` });
          expect(await scoreOf(config, items(quote), { task: whole })).toBe(1);
        },
      ),
      { seed: 6, numRuns: 500 },
    );
  });

  it.each([
    ['The “Supplier” shall be paid', 1],
    ['shall be paid within', 1],
    ['within 30 days', 1],
    ['the', 0],
    ['be', 0],
    ['.', 0],
    ['30', 0],
    ['- at the', 0],
    ['1. — 2. … .', 0],
    ['t h e l a t e s t', 0],
  ])('%j is a quote, or too short to be one', async (quote, expected) => {
    const asUsual = { ...config, min_words: undefined };
    const text = 'The “Supplier” shall be paid within 30 days - at the latest. 1. — 2. … . t h e l a t e s t';
    const result = await evaluate(asUsual, items(quote), { task: taskWith({ document: text }) });
    expect([quote, result.score]).toEqual([quote, expected]);
    if (expected === 0) expect(result.detail).toContain('too short to be one (min_words: 3)');
  });

  it('counts words in scripts without spaces by their signs', () => {
    expect(wordsIn('the notice period')).toBe(3);
    expect(wordsIn('通知期间为三十天')).toBe(4);
    expect(wordsIn('本协议')).toBe(1.5);
    expect(wordsIn('この契約 ends')).toBe(3);
    expect(wordsIn('สัญญานี้มีผล')).toBe(3);
    expect(wordsIn('Срок уведомления тридцать дней')).toBe(4);
    expect(wordsIn('— … .')).toBe(0);
  });

  it('refuses what stands where it must not, even if it stands in the document too', async () => {
    const both = { ...task, reference: 'Guideline: Payment within 30 days. No such text.' };
    const notIn = { ...config, not_in: 'reference' };
    expect(await evaluate(notIn, items('Payment', 'No such text', '2. Law.'), { task: both })).toEqual({
      score: 1 / 3,
      detail: '1 of 3 quotes are in the document, 2 are in reference',
    });
  });

  it('takes a quote with slips for one up to the similarity that is asked', async () => {
    const slips = items('The "Supplier" shal be payed within 30 days');
    expect(await scoreOf(config, slips, { task })).toBe(0);
    expect(await scoreOf({ ...config, min_similarity: 0.9 }, slips, { task })).toBe(1);
    expect(await scoreOf({ ...config, min_similarity: 0.97 }, slips, { task })).toBe(0);
  });

  it('asks how much of a span the quotes cover, so that three words do not stand for a clause', async () => {
    const text = 'The Supplier shall not be liable for any loss of profit. Law is that of Ohio.';
    const clause = 'The Supplier shall not be liable for any loss of profit';
    const ofClause = { ...task, metadata: { document: text, clause } };
    const covers = { span: 'metadata.clause', share: 1 };
    const score = (...quotes: string[]) =>
      evaluate({ ...config, covers }, items(...quotes), { task: ofClause });
    expect(await score(clause)).toMatchObject({ score: 1 });
    expect(await score('the supplier shall not be')).toMatchObject({ score: 0 });
    expect(await score('The Supplier shall not', 'be liable for any loss of profit')).toMatchObject({
      score: 1,
    });
    const { score: part, detail } = await score('The Supplier shall', 'loss of profit');
    expect(part).toBeCloseTo(6 / 11);
    expect(detail).toBe('2 of 2 quotes are in the document, they cover 55 % of metadata.clause');
    expect((await score('Law is that of Ohio.')).score).toBe(0);
    // What is not in the document covers nothing.
    expect((await score(`${clause}, ever`)).score).toBe(0);
    const half = { ...config, covers: { ...covers, share: 0.5 } };
    expect(await scoreOf(half, items('be liable for any loss of profit'), { task: ofClause })).toBe(1);

    const claims = { ...config, covers: { span: 'claim', share: 1 } };
    const said = (...claim: [string, string][]) =>
      scoreOf(claims, JSON.stringify(claim.map(([claim, text_excerpt]) => ({ claim, text_excerpt }))), {
        task: ofClause,
      });
    expect(await said(['No loss of profit', 'loss of profit'], ['', 'Law is that of Ohio'])).toBeCloseTo(
      3 / 8,
    );
    await expect(scoreOf({ ...config, covers }, '[]', { task })).rejects.toThrow(
      'metadata.clause is missing',
    );
  });

  it('covers spans of any script and length', () => {
    expect(coverageOf('本协议自签署之日起生效', ['协议自签署之日'])).toBeCloseTo(7 / 11);
    expect(coverageOf('Net 30', ['payment is net 30 days'])).toBe(1);
    expect(coverageOf('— …', ['— …'])).toBe(0);
    expect(coverageOf('a b c', [])).toBe(0);
  });

  it('names the task whose document is missing, and refuses a place that is none', async () => {
    await expect(scoreOf(config, '[]')).rejects.toThrow('task t1: metadata.document is missing');
    await expect(scoreOf({ ...config, not_in: 'reference' }, '[]', { task })).rejects.toThrow(
      'reference is missing',
    );
    expect(checkSchema.safeParse({ ...config, document: 'truth.document' }).success).toBe(false);
  });
});

/** Sellers' recurrence as it is written, one cell at a time. */
function bestDistance(text: string, pattern: string): number {
  let column = Array.from({ length: pattern.length + 1 }, (_, i) => i);
  let best = pattern.length;
  for (const unit of text.split('')) {
    const next = [0];
    for (let i = 1; i <= pattern.length; i++) {
      const same = column[i - 1]! + Number(pattern[i - 1] !== unit);
      next.push(Math.min(same, column[i]! + 1, next[i - 1]! + 1));
    }
    column = next;
    best = Math.min(best, column.at(-1)!);
  }
  return best;
}

describe('approximate search', () => {
  it('agrees with the recurrence, in one word and in several', () => {
    const letters = fc.constantFrom('a', 'b', 'c');
    const text = (maxLength: number) =>
      fc.array(letters, { minLength: 1, maxLength }).map((units) => units.join(''));
    const near = fc
      .tuple(text(150), fc.nat(150), fc.array(fc.tuple(fc.nat(150), letters), { maxLength: 8 }))
      .map(([whole, from, changes]): [string, string] => {
        const pattern = whole.slice(from % whole.length).split('');
        for (const [at, letter] of changes) pattern[at % pattern.length] = letter;
        return [whole, pattern.join('')];
      });
    fc.assert(
      fc.property(fc.oneof(fc.tuple(text(60), text(100)), near), ([whole, pattern]) => {
        const distance = bestDistance(whole, pattern);
        const search = approximateSearch(whole, Infinity);
        expect(search.occurs(pattern, distance)).toBe(true);
        if (distance > 0) expect(search.occurs(pattern, distance - 1)).toBe(false);
      }),
      { seed: 3, numRuns: 2000 },
    );
  });

  it('says so when its budget is spent, and a check counts that as not found', async () => {
    expect(approximateSearch('x'.repeat(1000), 100).occurs('abcdefghij', 1)).toBeNull();
    const long = taskWith({ document: 'the parties agree. '.repeat(20_000) });
    const quotes = items(...Array.from({ length: 20 }, (_, i) => `${i}`.repeat(20_000)));
    const { score, detail } = await evaluate({ ...config, min_similarity: 0.9 }, quotes, { task: long });
    expect(score).toBe(0);
    expect(detail).toContain('too much to search for');
    const many = items(...Array.from({ length: 5000 }, (_, i) => `the parties agree on ${i}`));
    const verbatim = await evaluate(config, many, { task: long });
    expect(verbatim.score).toBe(0);
    expect(verbatim.detail).toContain('too much to search for');
  });
});
