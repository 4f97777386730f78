import { isRecord, mistakenReference, nearest, own, type Meant } from '@touchstone/core';
import { InputError, type JsonObject, type Rollout } from '@touchstone/spec';
import { z } from 'zod';
import { describeOutcome } from '../scoring/describe-outcome.js';
import { idOf, rolloutOf } from '../scoring/sample.js';
import { type Adapter, objectWith } from './adapter.js';

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

const options = z.object({
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

const request = options.extend({ rollouts: z.array(rollout) });

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
      money: z
        .number()
        .nullable()
        .meta({ description: 'US dollars; null where models were asked and none has a price' }),
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
  read(body, meant = 'all') {
    const { rollouts, ...rest } = objectWith(body, ['rollouts']);
    if (!Array.isArray(rollouts)) {
      throw new InputError([{ message: 'rollouts: expected a list of {"task", "response"}' }]);
    }
    const options = optionsOf(rest);
    return {
      rows: rollouts,
      readRow: (row) => readRow(row, meant),
      groupOf,
      run: options.run,
      deadlineMs: options.deadline_ms,
      groupSize: options.group_size,
      write: (judged) => ({ rewards: judged.map(({ id, outcome }) => describeOutcome(id, outcome)) }),
    };
  },
};

/** @throws {InputError} with the place of each fault. */
function optionsOf(given: unknown): z.output<typeof options> {
  const known = Object.keys(options.shape);
  // What is quite another word may be a trainer's own.
  const misspelt = isRecord(given) ? Object.keys(given).filter((key) => !known.includes(key)) : [];
  const problems = misspelt.flatMap((key) => {
    const meant = nearest(key, known);
    return key.length < 4 || meant === undefined
      ? []
      : [{ message: `${key}: there is no such field: did you mean ${meant}?` }];
  });
  if (problems.length > 0) throw new InputError(problems);
  const parsed = options.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new InputError(
    parsed.error.issues.map(({ path, message }) => ({
      message: `${path.map(String).join('.')}: ${message}`,
    })),
  );
}

/** Whoever has written a client of this wire can mend it, so that a reference under another name is refused. */
function readRow(row: unknown, meant: Meant): Rollout {
  if (!isRecord(row)) throw new InputError([{ message: 'expected a JSON object' }]);
  const group = row['group'] ?? null;
  if (group !== null && groupOf(row) === undefined) {
    throw new InputError([{ message: 'group: expected a string' }]);
  }
  const { response, ...beside } = row;
  const task = row['task'];
  const line = withReference(isRecord(task) ? task : beside);
  const rollout = rolloutOf(line, response);
  const mistaken = rollout.task.reference === null ? mistakenReference(line as JsonObject, meant) : undefined;
  if (mistaken !== undefined) {
    const message = `"${mistaken}": expected the reference as reference or reference_answer, or this field under metadata`;
    throw new InputError([{ message }]);
  }
  return { ...rollout, id: idOf(row) ?? rollout.id };
}

function groupOf(row: unknown): string | undefined {
  const group = own(row, 'group');
  return typeof group === 'string' || Number.isFinite(group) ? `${group as string | number}` : undefined;
}

/** Data lines say `reference_answer`; tasks say `reference`. The group is no part of the task. */
function withReference(line: Record<string, unknown>): Record<string, unknown> {
  const { group: _, ...task } = line;
  if (!Object.hasOwn(task, 'reference') || Object.hasOwn(task, 'reference_answer')) return task;
  const { reference, ...rest } = task;
  return { ...rest, reference_answer: reference };
}
