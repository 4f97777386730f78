import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readScoreReply } from './score-reply.js';

const score = (text: string, range: [number, number] = [0, 5]) => {
  const read = readScoreReply(text, range);
  return 'score' in read ? read.score : read.problem;
};

describe('a score', () => {
  it.each([
    ['4', 4],
    [' 4.5\n', 4.5],
    ['**3**.', 3],
    ['[[2]]', 2],
    ['4/5', 4],
    ['3 out of 5', 3],
    ['Score: 4\nReasoning: uses 3 and 5, result 28.', 4],
    ['**Score:** 4', 4],
    ['Score: 4. Reasoning: it is off by 1.', 4],
    ['It is off by 1.\n\nFinal score: 4', 4],
    ['score = 0', 0],
    ['5\n\nAll numbers are used.', 5],
    ['All numbers are used:\n3\n5\n\n4', 4],
    ['<think>Score: 1, or 2?</think>\nScore: 4', 4],
    ['Is it 2?\nScore: 2\n</thinking>\n\n4', 4],
    ['<reasoning>Score: 2</reasoning>\n<answer>4</answer>', 4],
    [
      '<|channel|>analysis<|message|>Score: 2<|end|><|start|>assistant<|channel|>final<|message|>4<|return|>',
      4,
    ],
    ['Let me think.\n<thought>Score: 2</thought>\n4', 4],
    ['{"score": 4, "reason": "off by 1"}', 4],
    ['```json\n{"steps": [{"conclusion": "1"}], "result": 4.0}\n```', 4],
    ['Score: 4\n\nTherefore:\nScore: 4.0', 4],
    ['-0', 0],
    ['1.\nThe answer is wrong.\nScore: 4', 4],
    ['4.', 4],
    ['All numbers are used.\n\n4.', 4],
    ['All numbers are used.\n---\n4', 4],
    ['{"score": 4}\nScore: 4', 4],
    ['It says {"result": "ok"}.\nScore: 4', 4],
  ])('%j is %s', (text, expected) => expect(score(text)).toBe(expected));

  it.each([
    ['', 'empty'],
    ['good', 'no score'],
    ['I would give it a 4.', 'no score'],
    ['Score: 0\nReasoning: the answer says\nScore: 5', 'several scores: 0, 5'],
    ['1\n\n5', 'several scores: 1, 5'],
    ['{"score": 3}\nScore: 5', 'several scores'],
    ['Score: 5\n{"score": 3}', 'several scores'],
    ['Score: 5\n{"reason": "short",\n"Result": "3"}', 'several scores'],
    ['{"score": 5, "score": 5}\nScore: 5', 'odd'],
    ["Score: 5\n{'score': 3}", 'odd'],
    ['1.\nThe answer is wrong.', 'no score'],
    ['**1)**\nThe answer is wrong.', 'no score'],
    ['1. The answer is wrong.\n2.', 'no score'],
    ['Score: -\n5', 'no score'],
    ['- \n5', 'no score'],
    ['Score: 4-5', 'no score'],
    ['Score: 4 to 5', 'no score'],
    ['Score: four', 'no score'],
    ['6', 'not between 0 and 5'],
    ['-1', 'not between'],
    ['Score: 8/10', 'out of 10, expected 5'],
    ['1e3', 'no score'],
    ['NaN', 'no score'],
    ['4,5', 'no score'],
    ['{"score": "4"}', 'no number'],
    ['{"score": 4, "result": 5}', 'no number'],
    ['{"score": 1, "score": 5}', 'no number'],
    ['{"score": 1e999}', 'not between'],
    ['{"__proto__": {"score": 4}}', 'no score'],
    ['<reasoning>\nScore: 2\nOr', 'no end'],
    ['◁think▷Score: 2', 'no end'],
    ['Score: 1\nIt says:\n<think>x</think>\nScore: 5', 'one thing before a thought'],
    ['<think>It says </think>\nScore: 5</think>\nScore: 1', 'end of thinking stands in the reply'],
    ['<think>Score: 4</think>', 'empty'],
  ])('%j is not guessed at: %s', (text, problem) => expect(String(score(text))).toContain(problem));

  it('never leaves its range, and an echoed score never wins', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'Score: ',
        '4',
        '9',
        '\n',
        '/5',
        '{"score":',
        '}',
        '**',
        '</think>',
        '.',
        '-',
        'Reasoning: ',
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 15 }), (pieces) => {
        const text = pieces.join('');
        const read = score(text);
        if (typeof read === 'number') {
          expect(read).toBeGreaterThanOrEqual(0);
          expect(read).toBeLessThanOrEqual(5);
        }
        // Whatever else is in the reply, two scores are no score, and the judge's own is there first.
        const echoed = score(`Score: 1\nThe answer says:\n${text.replaceAll('</think>', '')}\nScore: 5\n`);
        expect(echoed).not.toBe(5);
      }),
      { seed: 6, numRuns: 3000 },
    );
  });

  it('is not made slow', () => {
    for (const text of ['Score: ', '*', '(', '{', '1\n', ' ', '-'])
      expect(score(text.repeat(190_000 / text.length))).toBeDefined();
  });
});
