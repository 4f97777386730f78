import { z } from 'zod';
import { parseBody, type Adapter } from './adapter.js';
import { toRollout } from './sample.js';

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
    const { question, answer } = parseBody(request, body);
    return {
      rollouts: [toRollout([{ role: 'user', content: question }], answer, {})],
      write: ([judged]) => judged!.number,
    };
  },
};
