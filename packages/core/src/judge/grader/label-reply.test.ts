import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLabelReply } from './label-reply.js';
import { labelModelSchema } from './schema.js';
import { readScoreReply } from './score-reply.js';

describe('a label', () => {
  const labels = ['correct', 'incorrect', 'Not sure'];
  const label = (text: string) => {
    const read = readLabelReply(text, labels);
    return 'label' in read ? read.label : read.problem;
  };
  it.each([
    ['correct', 'correct'],
    ['"Incorrect".', 'incorrect'],
    ['**NOT SURE**', 'Not sure'],
    ['Label: incorrect\nIt misses a number.', 'incorrect'],
    ['It misses a number.\nincorrect', 'incorrect'],
    ['{"label": "correct"}', 'correct'],
    ['{"steps": [], "result": "incorrect"}', 'incorrect'],
    ['**Label:** incorrect', 'incorrect'],
    ['[THINK]correct, or\nincorrect?[/THINK]correct', 'correct'],
  ])('%j is %s', (text, expected) => expect(label(text)).toBe(expected));

  it.each([
    ['', 'empty'],
    ['It is correct, I think.', 'none of the labels'],
    ['correct\nNo:\nincorrect', 'several labels'],
    ['Label: correct or incorrect', 'none of the labels'],
    ['Label: correct\nLabel: maybe', 'none of the labels'],
    ['{"label": ["correct"]}', 'none of the labels'],
    ['{"why": "", "label": "correct"}\nLabel: incorrect', 'several labels'],
    ['incorrect\n{"why": "", "result": "correct"}', 'several labels'],
    ['correct\nLabel: incorrect', 'several labels'],
    ['<scratchpad>correct', 'no end'],
  ])('%j is not guessed at: %s', (text, problem) => expect(label(text)).toContain(problem));
});

const judge = (settings: object) =>
  labelModelSchema.safeParse({
    kind: 'label-model',
    model: 'local:judge',
    messages: [{ role: 'user', content: '{{response}}' }],
    ...settings,
  });
const problems = (settings: object): string =>
  judge(settings)
    .error?.issues.map(({ message }) => message)
    .join('; ') ?? '';

describe('labels that a user declares', () => {
  it('a dash before a digit is a sign', () => {
    const read = (text: string) => readLabelReply(text, ['1', '-1', 'good']);
    for (const text of ['[ - 1 ]', 'Label: — 1', '- 1', '-  **1**', '-\n1', '- \n1', 'Label: -\n1'])
      expect(read(text)).toHaveProperty('problem');
    for (const text of ['-1', '"-1"', '−1', 'Label: −1', '- -1', '• -1'])
      expect([text, read(text)]).toEqual([text, { label: '-1' }]);
    expect([read('+1'), read('1'), read('• 1'), read('- good')]).toEqual([
      { problem: expect.any(String) },
      { label: '1' },
      { label: '1' },
      { label: 'good' },
    ]);
  });

  it.each([
    ['{{NO_ERROR}}', 'Fine.\n{{NO_ERROR}}'],
    ['<pass>', '**<pass>**'],
    ['C++', 'c++'],
    ['C#', '`C#`.'],
    ['needs_review', 'Label: needs\\_review'],
    ['Don’t know', "don't  know"],
    ['#1', '1'],
    ['A > B', '[[A > B]]'],
  ])('%j is what %j says', (label, reply) =>
    expect(readLabelReply(reply, ['another', label, 'C', '#2'].slice(0, label === 'C#' ? 2 : 4))).toEqual({
      label,
    }),
  );

  it('are read back, or refused at the start', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
      fc.constantFrom(
        '[[A>B]]',
        '(A)',
        'A.',
        'x_y',
        '_x_',
        '<think>',
        '</think>',
        'Label: x',
        '{"label":"x"}',
        'a\nb',
        '# x',
      ),
    );
    fc.assert(
      fc.property(fc.uniqueArray(text, { minLength: 2, maxLength: 4 }), (labels) => {
        if (!judge({ labels, passing_labels: labels.slice(0, 1) }).success) return;
        for (const label of labels) {
          expect(readLabelReply(label, labels)).toEqual({ label });
          expect(readLabelReply(`<think>${labels[0]}</think>\n${label}`, labels)).toEqual({ label });
        }
      }),
      { seed: 7, numRuns: 2000 },
    );
  });

  it.each([
    [['Yes', '(yes)'], '"Yes" could never be read: it is read as "(yes)"'],
    [['1', '#1'], 'could never be read'],
    [['good', '**'], '"**" could never be read'],
    [['good', '<think>'], '"<think>" could never be read: the thinking has no end'],
  ])('%j are refused: %s', (labels, problem) =>
    expect(problems({ labels, passing_labels: [labels[0]] })).toContain(problem),
  );

  it('may each be worth something else', () => {
    expect(judge({ label_scores: { major: 0, minor: 0.3, none: 1 } }).success).toBe(true);
    expect(problems({ label_scores: { a: 1, b: 1 } })).toContain('different scores');
    expect(problems({ label_scores: { a: 1, b: 0 }, labels: ['a', 'b'] })).toContain('in place of labels');
    expect(problems({ labels: ['a', 'b'] })).toContain(
      'expected labels with passing_labels, or label_scores',
    );
    expect(problems({ label_scores: { a: 1, 'A.': 0 } })).toContain('could never be read');
  });
});

describe('a place for the verdict', () => {
  const labels = ['minor', 'major'];
  const grade = { key: 'grade' };
  const tag = { pattern: '<Grade>{{verdict}}</grade>' };
  const read = (text: string, verdict: typeof grade | typeof tag) => {
    const found = readLabelReply(text, labels, verdict);
    return 'label' in found ? found.label : found.problem;
  };

  it.each([
    ['{"why": "a major flaw", "grade": "minor"}', grade, 'minor'],
    ['It is so:\n```json\n{"grade": "Major"}\n```\nas I said.', grade, 'major'],
    ['**Grade**: minor\nmajor problems: none', grade, 'minor'],
    ['<think>{"grade":"major"}</think>{"grade":"minor"}', grade, 'minor'],
    ['It is <grade> minor </grade>, not major.', tag, 'minor'],
    ['<grade>**minor**</grade> and again <grade>minor</grade>', tag, 'minor'],
    ['Reason: long.\n[[major]]', { pattern: '[[{{verdict}}]]' }, 'major'],
    ['\\boxed{\\text{minor}}', { pattern: '\\boxed{\\text{ {{verdict}} }}' }, 'where'],
    ['\\boxed{\\text{minor}}', { pattern: '\\boxed{\\text{{{verdict}}}}' }, 'minor'],
    ['Verdict - minor', { pattern: 'Verdict - {{verdict}}' }, 'minor'],
  ])('%j: %j', (text, place, label) => expect(read(text, place)).toContain(label));

  it.each([
    ['minor', grade, 'no verdict under "grade"'],
    ['{"grade": "minor", "grade": "major"}', grade, 'none of the labels'],
    ['{"grade": "minor"}\n{"grade": "major"}', grade, 'several labels'],
    ['{"grade": "minor"} {"grade": "awful"}', grade, 'none of the labels'],
    ['Grade: minor or major', grade, 'none of the labels'],
    ['{"a": {"grade": "minor"}}', grade, 'no verdict'],
    ['<grade>minor</grade> or <grade>major</grade>', tag, 'several labels'],
    ['<grade>minor', tag, 'no verdict where'],
    ['<grade></grade>', tag, 'none of the labels'],
  ])('%j: %j is not guessed at: %s', (text, place, problem) => expect(read(text, place)).toContain(problem));

  it('holds for scores too', () => {
    const stars = { pattern: 'Stars: {{verdict}} of five' };
    expect(readScoreReply('1\nStars: 4 of five\n2', [1, 5], stars)).toEqual({ score: 4 });
    expect(readScoreReply('{"rating":{"x":1},"grade":3}', [1, 5], grade)).toEqual({ score: 3 });
    expect(readScoreReply('Grade: 3/5', [1, 5], grade)).toEqual({ score: 3 });
    expect(readScoreReply('Grade: 3\nGrade: 4', [1, 5], grade)).toHaveProperty('problem');
    expect(readScoreReply('{"grade":9}', [1, 5], grade)).toHaveProperty('problem');
    expect(readScoreReply('{"grade":null}', [1, 5], grade)).toHaveProperty('problem');
  });

  it('is refused where nothing could be found in it', () => {
    for (const pattern of [
      '{{verdict}}',
      'Grade: (.*)',
      '{{verdict}} {{verdict}}',
      '**{{verdict}}**',
      ' {{verdict}} ',
    ])
      expect(problems({ labels, passing_labels: ['minor'], verdict: { pattern } })).toContain(
        'expected {{verdict}} once',
      );
    expect(judge({ labels, passing_labels: ['minor'], verdict: { ...grade, ...tag } }).success).toBe(false);
  });

  it('is not made slow', () => {
    for (const text of ['<grade>', '</grade>', '{"grade":', 'grade:', '{', '[', '*', ' '])
      for (const place of [grade, tag])
        expect(typeof read(text.repeat(190_000 / text.length), place)).toBe('string');
  });
});
