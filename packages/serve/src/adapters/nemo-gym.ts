import { isRecord, own } from '@touchstone/core';
import { InputError } from '@touchstone/spec';
import { z } from 'zod';
import type { Adapter, Formality } from './adapter.js';
import { objectWith } from './adapter.js';
import { rolloutOf } from '../scoring/sample.js';
import { answerText } from '../scoring/turns.js';

const request = z
  .looseObject({
    responses_create_params: z
      .looseObject({
        input: z.union([z.string(), z.array(z.unknown())]),
        instructions: z.string().nullish(),
      })
      .meta({ description: 'What the policy was asked, as in a request to the OpenAI Responses API' }),
    response: z
      .looseObject({ output: z.array(z.unknown()) })
      .meta({ description: 'What it answered, as an OpenAI Responses object' }),
  })
  .meta({ description: 'The other fields are those of the data row, such as reference_answer and metadata' });

const reply = z.looseObject({
  reward: z.number().meta({ description: '0 to 1' }),
  mask_sample: z.boolean().meta({ description: 'true: the reward stands in and measures nothing' }),
  failure_kind: z.string().optional(),
  failure_reason: z.string().optional(),
  _ng_failure_class: z.literal('judge_failed').optional(),
  _ng_failure_judge_error: z.string().optional(),
});

/** Bookkeeping of the trainer, no part of the task; its names begin so. */
const BOOKKEEPING = '_ng_';

/** Gym's agents begin a session, of which nothing is kept here. */
const formalities: Formality[] = [
  {
    name: 'nemo-gym-seed-session',
    method: 'post',
    path: '/seed_session',
    summary: 'NeMo Gym: begins a session, of which nothing is kept',
    reply: z.object({}),
    says: {},
  },
  {
    name: 'nemo-gym-reverify-mode',
    method: 'get',
    path: '/reverify_mode',
    summary: 'NeMo Gym: stored answers may be judged again',
    reply: z.literal('stateless'),
    says: 'stateless',
  },
];

/**
 * A NeMo Gym resources server: `POST /verify`, which returns the request with a reward. A sample without a score is
 * masked and has the failure class that Gym's own judges use, so that evaluation leaves it out and can judge it again.
 * Its reward is what stands in and not 0: a trainer that reads nothing but the reward would punish it.
 */
export const nemoGym: Adapter = {
  name: 'nemo-gym',
  path: '/verify',
  summary: 'NeMo Gym resources server',
  description: 'Returns the request with its reward.',
  request,
  reply,
  deadlineMs: Infinity,
  abstention: 'carried',
  formalities,
  read(body) {
    const row = objectWith(body, ['responses_create_params', 'response']);
    const { reference_answer, metadata, ...rest } = row;
    const fields = Object.entries(rest).filter(
      ([key]) => !Object.hasOwn(request.shape, key) && !key.startsWith(BOOKKEEPING),
    );
    const index = row['_ng_task_index'];
    return {
      rows: [row],
      readRow: () =>
        rolloutOf(
          {
            messages: promptOf(row['responses_create_params']),
            reference_answer,
            metadata: { ...(isRecord(metadata) ? metadata : {}), ...Object.fromEntries(fields) },
          },
          answerOf(own(row['response'], 'output')),
        ),
      ...(typeof index === 'number' ? { groupOf: () => `task ${index}` } : {}),
      write: ([judged]) => {
        const { outcome, number } = judged!;
        if (outcome.status === 'scored') return { ...row, reward: number, mask_sample: false };
        return {
          ...row,
          reward: number,
          mask_sample: true,
          failure_kind: kindOf(outcome),
          failure_reason: outcome.detail,
          _ng_failure_class: 'judge_failed',
          _ng_failure_judge_error: outcome.detail,
        } satisfies z.output<typeof reply>;
      },
    };
  },
};

/** Gym's own words for what went wrong. */
function kindOf(outcome: { status: 'abstained'; reason: string } | { status: 'failed' }): string {
  if (outcome.status === 'failed') return 'verifier_error';
  return outcome.reason === 'unparseable' ? 'judge_unparseable' : 'judge_failed';
}

function promptOf(asked: unknown): unknown {
  const input = own(asked, 'input');
  const instructions = own(asked, 'instructions') ?? null;
  // Calls of tools and their results are items of their own, and no turns of the conversation that is judged.
  const isTurn = (item: unknown): boolean => (own(item, 'type') ?? 'message') === 'message';
  const turns = typeof input === 'string' ? [{ role: 'user', content: input }] : input;
  if (!Array.isArray(turns)) return turns;
  return [
    ...(instructions === null ? [] : [{ role: 'system', content: instructions }]),
    ...turns.filter(isTurn),
  ];
}

/** The text of the messages after the last tool call. */
function answerOf(output: unknown): string {
  if (!Array.isArray(output)) throw new InputError([{ message: 'response.output: expected a list' }]);
  const isAside = (item: unknown): boolean => ['message', 'reasoning'].includes(String(own(item, 'type')));
  const last = output.slice(output.findLastIndex((item) => !isAside(item)) + 1);
  const texts = last
    .filter((item) => own(item, 'type') === 'message')
    .map((item) => answerText(own(item, 'content')));
  if (!texts.every((text) => text !== undefined)) {
    throw new InputError([{ message: 'response.output: expected messages with text' }]);
  }
  return texts.join('');
}
