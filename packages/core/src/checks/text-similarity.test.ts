import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkOf, evaluate, scoreOf, taskWith } from './check.testing.js';
import { indelSimilarity, longestCommonSubsequence } from './metrics/indel.js';
import { gleu, rougeL, rougeN } from './metrics/n-grams.js';

const a = 'The Supplier shall be paid within thirty (30) days of the invoice.';
const b = 'The supplier is to be paid within 30 days after receipt of the invoice.';

describe('text similarity', () => {
  // Printed by rapidfuzz 3.14.6 (fuzz.ratio / 100), nltk 3.10.4 (sentence_gleu) and rouge-score 0.1.2 (fmeasure).
  it.each([
    ['fuzz.ratio', indelSimilarity(a, b), 0.7591240875912407],
    ['fuzz.ratio, far apart', indelSimilarity(a, 'Zahlung erfolgt binnen 30 Tagen — “sofort”'), 1 / 3],
    ['fuzz.ratio of nothing', indelSimilarity('', ''), 1],
    ['fuzz.ratio with nothing', indelSimilarity('a', ''), 0],
    ['fuzz.ratio of code points', indelSimilarity('😀x', 'x😀'), 0.5],
    ['sentence_gleu', gleu(a, b), 0.28],
    ['rouge1', rougeN(a, b, 1), 0.7692307692307692],
    ['rouge2', rougeN(a, b, 2), 0.5],
    ['rouge3', rougeN(a, b, 3), 0.1818181818181818],
    ['rouge4', rougeN(a, b, 4), 0],
    ['rougeL', rougeL(a, b), 0.7692307692307692],
    ['rouge1 with repeats', rougeN('the cat the cat', 'the the cat sat', 1), 0.75],
    ['rouge2 with repeats', rougeN('the cat the cat', 'the the cat sat', 2), 1 / 3],
    ['rougeL with repeats', rougeL('the cat the cat', 'the the cat sat'), 0.75],
  ])('is that of the public implementations: %s', (_, found, expected) => {
    expect(found).toBeCloseTo(expected, 12);
  });

  it('finds the longest common subsequence, in one word and in several', () => {
    const units = fc.array(fc.nat(3), { maxLength: 90 });
    fc.assert(
      fc.property(units, units, (left, right) => {
        const table = Array.from({ length: left.length + 1 }, () =>
          Array.from({ length: right.length + 1 }, () => 0),
        );
        for (let i = 1; i <= left.length; i++)
          for (let j = 1; j <= right.length; j++)
            table[i]![j] =
              left[i - 1] === right[j - 1]
                ? table[i - 1]![j - 1]! + 1
                : Math.max(table[i - 1]![j]!, table[i]![j - 1]!);
        expect(longestCommonSubsequence(left, right)).toBe(table[left.length]![right.length]);
      }),
      { seed: 5, numRuns: 1000 },
    );
  });

  it('compares places of the answer and the task', async () => {
    const config = {
      type: 'text-similarity',
      input: '{{response.clause.text}}',
      reference: '{{metadata.text}}',
      metric: 'fuzzy_match',
    };
    const task = taskWith({ text: 'abcd' });
    expect(await scoreOf(config, '{"clause":{"text":"abxd"}}', { task })).toBe(0.75);
    expect(await evaluate(config, '{"clause":{}}', { task })).toEqual({
      score: 0,
      detail: 'the answer has no clause.text',
    });
    expect(await evaluate(config, 'abcd', { task })).toEqual({ score: 0, detail: 'the answer is not JSON' });
    await expect(evaluate(config, '{}')).rejects.toThrow('task t1: metadata.text is missing');
    expect(() => checkOf({ ...config, input: '{{truth}}' })).toThrow('unknown placeholder {{truth}}');
  });
});

describe('string check', () => {
  it.each([
    ['eq', 'Yes', 1],
    ['eq', 'yes', 0],
    ['ne', 'yes', 1],
    ['ne', 'Yes', 0],
    ['like', 'Yes, of course', 1],
    ['like', 'yes, of course', 0],
    ['ilike', 'oh yes', 1],
    ['ilike', 'no', 0],
  ])('%s of %j is %i', async (operation, response, expected) => {
    const config = { type: 'string-check', input: '{{response}}', reference: 'Yes', operation };
    expect(await scoreOf(config, response)).toBe(expected);
  });

  it('never rewards an answer for a field that it lacks', async () => {
    const config = { type: 'string-check', input: '{{response.x}}', reference: 'Yes', operation: 'ne' };
    expect(await scoreOf(config, '{"x":"No"}')).toBe(1);
    expect(await scoreOf(config, '{"y":"No"}')).toBe(0);
    expect(await scoreOf(config, 'no')).toBe(0);
  });
});
