import type { Meant } from '@touchstone/core';
import { expect, it } from 'vitest';
import { answer, closeServers, document, post, start } from '../http/server.testing.js';
import { native } from './native.js';

it('refuses a misspelt option by name, and lets the words of others be', () => {
  expect(() => native.read({ rollouts: [], dedline_ms: 5 })).toThrow(/dedline_ms.*did you mean deadline_ms/);
  expect(() => native.read({ rollouts: [], trainer: 'mine' })).not.toThrow();
});

const messages = [{ role: 'user', content: 'q' }];
const read = (row: object, meant?: Meant) => () => native.read({ rollouts: [] }, meant).readRow(row, 0);

it.each(['answer', 'ground_truth', 'expected', 'target', 'solution', 'gold'])(
  'refuses %s beside no reference, which a judge would miss',
  (key) => {
    const task = { messages, [key]: 'x' };
    const named = `"${key}": expected the reference as reference or reference_answer`;
    expect(read({ task, response: '' }, new Set())).toThrow(named);
    expect(read({ ...task, response: '' }, new Set())).toThrow(named);
    for (const meant of [
      { task: { ...task, reference: 'y' }, response: '' },
      { task: { messages, metadata: { [key]: 'x' } }, response: '' },
      { task: { ...task, [key]: null }, response: '' },
    ])
      expect(read(meant, new Set())).not.toThrow();
    // The configuration says metadata.KEY; or none is known.
    expect(read({ task, response: '' }, new Set([key]))).not.toThrow();
    expect(read({ task, response: '' })).not.toThrow();
  },
);

it('costs only the sample whose reference has another name', async () => {
  const { url } = await start({ meant: new Set() });
  const right = { messages, document, response: answer(5) };
  const { status, body } = await post(`${url}/v1/rewards`, { rollouts: [right, { ...right, answer: 'x' }] });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    rewards: [
      { status: 'scored', score: 1 },
      { status: 'failed', score: null, detail: expect.stringContaining('"answer": expected') },
    ],
  });
  await closeServers();
});
