import { z } from 'zod';
import { rolloutOf } from '../scoring/sample.js';
import { objectWith, type Adapter } from './adapter.js';

const request = z.looseObject({ question: z.string(), answer: z.string() });

/** A question and an answer; the reply is a bare number. */
export const plain: Adapter = {
  name: 'plain',
  path: '/plain',
  summary: 'A trainer with a plain hook',
  description: 'A question and an answer. The reply is a bare number.',
  request,
  reply: z.number(),
  deadlineMs: 60_000,
  abstention: 'number',
  read(body) {
    const row = objectWith(body, ['question', 'answer']);
    return {
      rows: [row],
      readRow: () => rolloutOf({ messages: [{ role: 'user', content: row['question'] }] }, row['answer']),
      write: ([judged]) => judged!.number,
    };
  },
};
