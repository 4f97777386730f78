import { isRecord, own } from '@touchstone/core';
import { InputError, type JsonValue, type Message } from '@touchstone/spec';
import { z } from 'zod';
import type { Adapter, Formality } from './adapter.js';
import { parseBody } from './adapter.js';
import { textOf, toRollout } from './sample.js';

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
    const row = parseBody(request, body);
    const { responses_create_params: asked, response } = row;
    const { reference_answer, metadata, ...rest } = row as Record<string, unknown>;
    const fields = Object.entries(rest).filter(
      ([key]) => !Object.hasOwn(request.shape, key) && !key.startsWith(BOOKKEEPING),
    );
    const rollout = toRollout(promptOf(asked), answerOf(response.output), {
      reference: reference_answer as JsonValue | undefined,
      metadata: { ...(isRecord(metadata) ? metadata : {}), ...Object.fromEntries(fields) },
    });
    const index = own(body, '_ng_task_index');
    return {
      rollouts: [rollout],
      ...(typeof index === 'number' ? { groups: [`task ${index}`] } : {}),
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

function promptOf({ input, instructions }: z.output<typeof request>['responses_create_params']): Message[] {
  const turns =
    typeof input === 'string'
      ? [{ role: 'user' as const, content: input }]
      : input.flatMap((item): Message[] => {
          // Calls of tools and their results are no turns of the conversation that is judged.
          const role = own(item, 'role');
          const known = typeof role === 'string' ? ROLES.get(role) : undefined;
          if ((own(item, 'type') ?? 'message') !== 'message' || known === undefined) return [];
          return [{ role: known, content: textOf(own(item, 'content'), TEXT_PARTS) }];
        });
  return instructions ? [{ role: 'system', content: instructions }, ...turns] : turns;
}

const ROLES = new Map<string, Message['role']>([
  ['system', 'system'],
  ['developer', 'system'],
  ['user', 'user'],
  ['assistant', 'assistant'],
]);
const TEXT_PARTS = ['input_text', 'output_text', 'text'];

/** The text of the messages after the last tool call. */
function answerOf(output: readonly unknown[]): string {
  const isAside = (item: unknown): boolean => ['message', 'reasoning'].includes(String(own(item, 'type')));
  const last = output.slice(output.findLastIndex((item) => !isAside(item)) + 1);
  const messages = last.filter((item) => own(item, 'type') === 'message');
  for (const item of messages) {
    if (own(item, 'content') === undefined) {
      throw new InputError([{ message: 'response.output: expected messages with content' }]);
    }
  }
  return messages.map((item) => textOf(own(item, 'content'), TEXT_PARTS)).join('');
}
