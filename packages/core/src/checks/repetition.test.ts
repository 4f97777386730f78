import { describe, expect, it } from 'vitest';
import { evaluate, scoreOf } from './check.testing.js';
import { repeatedShare } from './repetition.js';

const prose =
  'The supplier shall deliver the goods within thirty days of the order. The customer shall pay the price ' +
  'within thirty days of the delivery. Either party may end this agreement with a notice of ninety days.';

describe('repetition', () => {
  it('lets prose pass, with the turns of phrase that contracts repeat', async () => {
    expect(await scoreOf({ type: 'repetition' }, prose)).toBe(1);
    expect(await scoreOf({ type: 'repetition' }, '')).toBe(1);
    const items = Array.from({ length: 8 }, (_, i) => ({
      comment_id: `c${i}`,
      comment_type: 'risk',
      comment: prose.slice(i * 30, i * 30 + 60),
    }));
    expect(await scoreOf({ type: 'repetition' }, JSON.stringify(items))).toBe(1);
  });

  it.each([
    ['a sentence', 'and so on and so forth '.repeat(200)],
    ['a word', 'very '.repeat(300)],
    ['a sign', '!'.repeat(500)],
    ['letters without spaces', 'ha'.repeat(2000)],
    ['a script without spaces', '合同条款'.repeat(100)],
    ['inside JSON', JSON.stringify([{ comment: 'pay now '.repeat(100) }])],
    ['a good start, then a loop', prose + ' pay now'.repeat(1000)],
  ])('finds a loop of %s', async (_, text) => {
    expect(await scoreOf({ type: 'repetition' }, text)).toBeLessThan(0.1);
  });

  it('is 1 − distinct / all runs, and falls linearly from what is allowed', async () => {
    // a b c a b c a b: runs abc bca cab abc bca cab; 3 of 6 are new.
    expect(repeatedShare('a b c a b c a b', 3)).toBe(0.5);
    const found = await evaluate({ type: 'repetition', words: 3, allow: 0.2 }, 'a b c a b c a b');
    expect(found.score).toBeCloseTo(1 - 0.3 / 0.8, 12);
    expect(found.detail).toBe('50 % of its runs of 3 words occurred before');
  });
});
