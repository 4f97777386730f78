import { isRecord, own } from '@touchstone/core';
import { InputError, type Rollout } from '@touchstone/spec';
import { z } from 'zod';
import { describeOutcome } from '../scoring/describe-outcome.js';
import { parseSampleLine } from '../scoring/sample.js';
import type { Adapter } from './adapter.js';
import { parseBody } from './adapter.js';

const task = z.looseObject({
  id: z.string().optional(),
  messages: z.array(z.unknown()).meta({ description: 'Turns {"role", "content"}; the last is the user\'s' }),
  reference: z.unknown().optional().meta({ description: 'What a good answer is measured against' }),
  metadata: z.record(z.string(), z.unknown()).optional().meta({ description: 'For prompts and checks' }),
});

const rollout = z
  .looseObject({
    id: z.string().optional().meta({ description: 'Comes back with the reward' }),
    task: task.optional(),
    response: z.string().meta({ description: 'The answer; an empty one is an answer' }),
    group: z
      .string()
      .optional()
      .meta({ description: 'Answers that are compared with one another; by default those of one task' }),
  })
  .meta({ description: 'The keys of the task may stand beside the response instead' });

const request = z.object({
  rollouts: z.array(rollout),
  run: z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'Keeps the groups of training runs apart that use one server' }),
  deadline_ms: z
    .number()
    .positive()
    .optional()
    .meta({ description: 'Milliseconds after which what is not judged counts as abstained' }),
  group_size: z
    .int()
    .positive()
    .optional()
    .meta({ description: 'Answers of a whole group, if they come in several requests' }),
});

const finite = z.number().min(0).max(1);
const record = z.object({
  id: z.string(),
  status: z.enum(['scored', 'abstained', 'failed']).meta({
    description: 'abstained: the judge could not judge; failed: the task lacks what the reward needs',
  }),
  score: finite.nullable().meta({ description: 'null unless scored' }),
  gated_by: z.string().optional().meta({ description: 'The check that ended judging early' }),
  reason: z.string().optional(),
  detail: z.string().optional(),
  components: z.array(
    z.looseObject({ name: z.string(), kind: z.string(), score: z.number().nullable(), weight: z.number() }),
  ),
  verdicts: z.array(
    z.looseObject({ item: z.int().nullable(), status: z.string(), score: z.number().nullable() }),
  ),
  usage: z
    .object({
      calls: z.int(),
      saved: z.int(),
      input_tokens: z.number(),
      output_tokens: z.number(),
      money: z.number().meta({ description: 'US dollars' }),
    })
    .nullable(),
  group: z.object({ size: z.int(), expected: z.int(), late: z.boolean() }).optional().meta({
    description: 'How many of the group were judged together, when they came in several requests',
  }),
});

/**
 * The native call: `{"rollouts": [...]}` to `{"rewards": [...]}`, in the same order. A rollout is
 * `{"id"?, "task": {"id"?, "messages", "reference"?, "metadata"?}, "response", "group"?}`, or the same without `task`,
 * its keys beside `response`. An abstention is `"score": null` with a reason, so that the trainer can leave it out.
 */
export const native: Adapter = {
  name: 'native',
  path: '/v1/rewards',
  summary: 'Rewards of rollouts',
  description: 'A sample without a score has score: null and a reason; leave it out of its group.',
  request,
  reply: z.object({ rewards: z.array(record) }),
  deadlineMs: Infinity,
  abstention: 'carried',
  read(body) {
    const { rollouts, groups } = parseRollouts(body);
    // The list was read above, with messages of its own.
    const options = parseBody(request.omit({ rollouts: true }), body);
    return {
      rollouts,
      groups,
      run: options.run,
      deadlineMs: options.deadline_ms,
      groupSize: options.group_size,
      write: (judged) => ({
        rewards: judged.map((one) => describeOutcome(one.rollout.id, one.outcome)),
      }),
    };
  },
};

function parseRollouts(body: unknown): { rollouts: Rollout[]; groups: (string | undefined)[] } {
  const list = own(body, 'rollouts');
  if (!Array.isArray(list)) {
    throw new InputError([{ message: 'expected {"rollouts": [{"task", "response"}, ...]}' }]);
  }
  const problems: { message: string }[] = [];
  const rollouts = list.flatMap((item: unknown, index) => {
    const parsed = parseRollout(item);
    if ('value' in parsed) return [parsed.value];
    for (const problem of parsed.problems) problems.push({ message: `rollouts[${index}]: ${problem}` });
    return [];
  });
  if (problems.length > 0) throw new InputError(problems);
  const groups = list.map((item) => own(item, 'group') as string | null | undefined);
  return { rollouts, groups: groups.map((group) => group ?? undefined) };
}

function parseRollout(item: unknown): { value: Rollout } | { problems: string[] } {
  const group = own(item, 'group') ?? null;
  if (group !== null && typeof group !== 'string') return { problems: ['group: expected a string'] };
  const given = own(item, 'task');
  if (!isRecord(given)) return parseSampleLine(isRecord(item) ? withReference(item) : item);
  const line = withReference(given);
  const parsed = parseSampleLine({ ...line, response: own(item, 'response') });
  const id = own(item, 'id') ?? null;
  if (id !== null && typeof id !== 'string') return { problems: ['id: expected a string'] };
  return 'value' in parsed && id !== null ? { value: { ...parsed.value, id } } : parsed;
}

/** Data lines say `reference_answer`; tasks say `reference`. The group is no part of the task. */
function withReference(line: Record<string, unknown>): Record<string, unknown> {
  const { group: _, ...task } = line;
  if (!Object.hasOwn(task, 'reference') || Object.hasOwn(task, 'reference_answer')) return task;
  const { reference, ...rest } = task;
  return { ...rest, reference_answer: reference };
}
