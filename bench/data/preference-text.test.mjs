import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePreferenceText } from './preference-text.mjs';

const labels = { first: 'Output (a)', second: 'Output (b)', tie: 'Tie' };
const read = (text, with_ = labels) => {
  const parsed = parsePreferenceText(text, with_);
  return 'problem' in parsed ? parsed.problem : parsed.preferred;
};

describe('a preference in prose', () => {
  it.each([
    ['Output (a)', 'first'],
    ['**Output (b)**.', 'second'],
    ['tie', 'tie'],
    ['[[Output (b)]]', 'second'],
    ['Final verdict: Output (a)', 'first'],
    ['Output (b)\n\nIt keeps to the instruction.', 'second'],
    ['Let me think.\n\nAnswer: Output (a)', 'first'],
    ['Output (a) misses the point. Therefore, Output (b) is better.', 'second'],
    ['In this case, Output (a) is clearly the better response because it is short.', 'first'],
    ['While Output (a) is shorter, Output (b) is better.', 'second'],
    ['The better output is Output (a).', 'first'],
    ['I would choose output  (b).', 'second'],
    ['Both outputs are equally good.', 'tie'],
    ['In terms of detail, Output (a) is better. Overall, though: Output (b) is better.', 'second'],
    ['Output (a) is better in terms of tone. Therefore, Output (b) is better.', 'second'],
    ['Output (a) is better if speed counts. The winner is Output (b)', 'second'],
  ])('%j prefers %s', (text, preferred) => expect(read(text)).toBe(preferred));

  it.each([
    ['', 'empty'],
    ['\n ** \n', 'empty'],
    ['I cannot answer this.', 'no preference'],
    ['Output (a) is about ships. Output (b) is about boats.', 'no preference'],
    ['Output (b) is better. Output (a) is not about Mars. Therefore, Output (a) is better.', 'says both'],
    ['Output (a)\n\nOutput (b) is better because it is true.', 'says both'],
    ['Neither Output (a) nor Output (b) is better.', 'no preference'],
    ['I cannot claim that either Output (a) or Output (b) is better.', 'no preference'],
    ["I don't think that Output (a) is better.", 'no preference'],
    ['It is hard to say whether Output (a) is better.', 'no preference'],
    ['If the goal is speed, Output (a) is better.', 'no preference'],
    ['Output (a) is better in terms of helpfulness.', 'no preference'],
    ['Output (a) is not better.', 'no preference'],
    ['Output (a)bis is better.', 'no preference'],
  ])('%j is not guessed at: %s', (text, problem) => expect(read(text)).toContain(problem));

  it('knows a tie only where the prompt allows one', () => {
    const { tie: _, ...noTie } = labels;
    expect(read('Both outputs are equally good.', noTie)).toContain('no preference');
  });

  it('takes any labels as they are', () => {
    const numbers = { first: '1', second: '2', tie: 'Tie' };
    expect(read('2\n\n### Reason: Response 1 is wrong.', numbers)).toBe('second');
    expect(read('12', numbers)).toContain('no preference');
    expect(read('A.*', { first: 'A.*', second: 'B+', tie: 'C|D' })).toBe('first');
  });

  it('never crashes, and says both where both are said', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'Output (a)',
        'Output (b)',
        ' is better',
        ' is better if ',
        '. ',
        '\n',
        'Therefore, ',
        'not ',
        ', ',
        'Tie',
      ),
      fc.string({ unit: 'binary', maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const text = pieces.join('');
        expect(typeof read(text)).toBe('string');
        const both = `Output (a) is better. Output (b) is better.\n${text}`;
        expect(read(both)).toContain('says both');
      }),
      { seed: 5, numRuns: 2000 },
    );
  });

  it('is not made slow', () => {
    for (const text of ['Output (a) is ', 'prefer ', '[[', 'Output ', '. ', 'if ', '\n'])
      expect(typeof read(text.repeat(199_000 / text.length))).toBe('string');
  });
});
