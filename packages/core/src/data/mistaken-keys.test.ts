import { expect, it } from 'vitest';
import { parseLabelledLine } from './labelled.js';
import { parseTaskLine } from './task-line.js';

const task = { messages: [{ role: 'user', content: 'Which?' }] };
const said = (parsed: object): string => JSON.stringify('problems' in parsed ? parsed.problems : []);

const NAMES = ['reference', 'ground_truth', 'expected_output', 'groundTruth', 'answer', 'Ideal', 'target'];

it.each([...NAMES, 'gold', 'solution', 'completion', 'completions'])(
  'refuses %s where a judge would miss the reference',
  (key) => {
    expect(said(parseTaskLine({ ...task, [key]: 'x' }))).toContain(
      `\\"${key}\\": did you mean reference_answer?`,
    );
    for (const meant of [
      { ...task, [key]: 'x', reference_answer: 'y' },
      { ...task, metadata: { [key]: 'x' } },
      { ...task, [key]: null },
    ])
      expect(said(parseTaskLine(meant))).toBe('[]');
    // The configuration says metadata.KEY, so that it is meant.
    expect(said(parseTaskLine({ ...task, [key]: 'x' }, { meant: new Set([key]) }))).toBe('[]');
  },
);

it.each(['label', 'output', 'chosen'])('leaves %s metadata: it has honest other uses', (key) => {
  expect(parseTaskLine({ ...task, [key]: 'x' })).toMatchObject({ value: { metadata: { [key]: 'x' } } });
});

it('leaves answer the reference of a prompt', () => {
  expect(parseTaskLine({ prompt: 'Q', answer: 'A' })).toMatchObject({ value: { reference: 'A' } });
});

it('says once what a labelled line perhaps means', () => {
  const parsed = parseLabelledLine({ ...task, answer: 'x', label: { A: 1 } });
  expect(parsed).toEqual({
    problems: [
      'response: expected the answer as a string, got nothing: did you mean response by "answer"?',
      'labels: expected an object of criterion and value, got nothing: did you mean labels by "label"?',
    ],
  });
});
