import { z } from 'zod';
import type { Adapter, Judged } from './adapter.js';
import { objectWith } from './adapter.js';
import { parsePrompt, stripEnding } from './chat-template.js';
import { fieldsOfLabel } from './label.js';
import { rolloutOf } from '../scoring/sample.js';

const request = z.looseObject({
  prompt: z
    .union([z.string(), z.array(z.unknown())])
    .meta({ description: 'The prompt as text, rendered by a chat template or not, or as messages' }),
  response: z.string(),
  label: z.unknown().meta({
    description:
      'The reference answer, or an object (or the JSON text of one) with reference_answer and metadata as in a data line',
  }),
});

const detailed = z.object({
  score: z.number(),
  judge_ok: z.number().meta({ description: '1 judged, 0 not: the score stands in' }),
  reason: z.string().nullable(),
});

function readOne(body: unknown, write: (judged: Judged) => unknown): ReturnType<Adapter['read']> {
  const row = objectWith(body, ['prompt', 'response']);
  return {
    rows: [row],
    readRow() {
      const { prompt, response, label } = row;
      const fields = fieldsOfLabel(label);
      if (typeof prompt !== 'string')
        return rolloutOf({ messages: prompt, ...fields }, withoutEnding(response));
      const { turns, prefill } = parsePrompt(prompt);
      const text = withoutEnding(response);
      return rolloutOf({ messages: turns, ...fields }, typeof text === 'string' ? prefill + text : text);
    },
    write: ([judged]) => write(judged!),
  };
}

function withoutEnding(response: unknown): unknown {
  return typeof response === 'string' ? stripEnding(response).text : response;
}

/** slime waits 120 s and tries ten times, then the run ends: an abstention must be a number. */
const PATIENCE_MS = 110_000;

/** slime's `--rm-type remote_rm --rm-url`: the reply is a bare number. */
export const slime: Adapter = {
  name: 'slime',
  path: '/slime',
  summary: 'slime remote reward model',
  description: 'For --rm-type remote_rm. The reply is a bare number.',
  request,
  reply: z.number(),
  deadlineMs: PATIENCE_MS,
  abstention: 'number',
  floats: true,
  read: (body) => readOne(body, ({ number }) => number),
};

/** The same for `--reward-key score`: the sample keeps the whole object, so that a filter can leave it out. */
export const slimeObject: Adapter = {
  ...slime,
  name: 'slime-object',
  path: '/slime/object',
  description:
    'For --rm-type remote_rm with --reward-key score. The reply is an object, which says whether the sample was judged.',
  reply: detailed,
  read: (body) =>
    readOne(body, ({ outcome, number }) => {
      const reason =
        outcome.status === 'scored' ? null : outcome.status === 'abstained' ? outcome.reason : 'invalid';
      return { score: number, judge_ok: Number(outcome.status === 'scored'), reason } satisfies z.output<
        typeof detailed
      >;
    }),
};
