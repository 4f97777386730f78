import assert from 'node:assert/strict';
import { judgeSchema, openJudge } from '../../index.js';

const config = judgeSchema.parse({
  kind: 'panel',
  members: {
    a: { kind: 'keywords', words: ['rent', 'due'] },
    b: { kind: 'keywords', words: ['rent'] },
  },
});
const judge = await openJudge(config, {
  seed: 1,
  baseDir: '.',
  open: () => Promise.reject(new Error('no model is asked')),
});
const task = { id: 't', messages: [], reference: null, metadata: {} };
const [judgement] = await judge.judge([{ id: 'r', task, response: 'The rent.' }]);
assert.deepEqual(judgement!.answer, { status: 'scored', score: 0.75 });
