import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readOutcomes } from './outcomes.js';

const folder = mkdtempSync(join(tmpdir(), 'touchstone-outcomes-'));
afterAll(() => rmSync(folder, { recursive: true }));
const named = new Map([
  [
    'known',
    {
      id: 'known',
      messages: [{ role: 'user' as const, content: 'Where is my order?' }],
      reference: 'Ask for the number.',
      metadata: { shop: 'x' },
    },
  ],
]);

async function read(...lines: (object | string)[]) {
  const file = join(folder, 'outcomes.jsonl');
  writeFileSync(
    file,
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  );
  return readOutcomes(file, named);
}

test('a line has a task of its own, or names one; what differs between lines of one task no judge sees', async () => {
  const { answers, problems } = await read(
    {
      id: 'known',
      response: 'In the post.',
      variant: 'A',
      outcomes: { csat: 4, solved: true },
      segment: 'new',
    },
    { id: 'known', response: 'No idea.', outcomes: { csat: null }, segment: 'old' },
    { question: 'How much is it?', response: '', outcomes: { constructor: 1 } },
  );
  expect(problems).toEqual([]);
  expect(
    answers.map(({ task, variant, outcomes, fields }) => ({
      task: task.id,
      variant,
      outcomes: [...outcomes],
      fields,
    })),
  ).toEqual([
    {
      task: 'known',
      variant: 'A',
      outcomes: [
        ['csat', 4],
        ['solved', true],
      ],
      fields: { shop: 'x', segment: 'new' },
    },
    { task: 'known', variant: undefined, outcomes: [], fields: { shop: 'x', segment: 'old' } },
    { task: answers[2]!.task.id, variant: undefined, outcomes: [['constructor', 1]], fields: {} },
  ]);
  expect(answers[0]!.task).toMatchObject({ reference: 'Ask for the number.', metadata: { shop: 'x' } });
  expect(answers[0]!.task.metadata).not.toHaveProperty('segment');
});

test('a bad line costs itself, by name; a file of bad lines is refused', async () => {
  const bad = [
    { id: 'unknown', response: 'x', outcomes: { csat: 1 } },
    { question: 'q', response: 'x', outcomes: { csat: '5' } },
    { question: 'q', response: 'x', outcomes: [5] },
    { question: 'q', response: 3, outcomes: {}, variant: '' },
    '{"question": "q", "response": "x", "outcomes": {"csat": 1e999}}',
    '{"question": "q", "response": "x", "outcomes": {"__proto__": 1}}',
    { id: 'known', messages: [{ role: 'user', content: 'Another?' }], response: 'x', outcomes: { csat: 1 } },
  ];
  const { answers, problems } = await read({ id: 'known', response: 'x', outcomes: { csat: 1 } }, ...bad);
  expect(answers).toHaveLength(1);
  expect(problems).toEqual([
    { line: 2, message: expect.stringContaining('"unknown" is no task of data.train or data.eval') },
    { line: 3, message: expect.stringContaining('outcomes."csat": expected a number, true, false or null') },
    { line: 4, message: expect.stringContaining('outcomes: expected an object') },
    { line: 5, message: expect.stringContaining('response: expected the answer as a string') },
    { line: 5, message: expect.stringContaining('variant: expected a text that is not blank') },
    { line: 6, message: expect.stringContaining('too large') },
    { line: 7, message: expect.stringContaining('__proto__') },
    { line: 8, message: expect.stringContaining('stands for another prompt on line 1') },
  ]);
  await expect(read(...bad.slice(0, -1))).rejects.toThrow('data.train or data.eval');
});
