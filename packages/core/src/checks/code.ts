import type { Rollout, Task } from '@touchstone/spec';
import { z } from 'zod';
import { findModule, moduleError, moduleName } from '../files/load-module.js';
import type { CheckContext, CheckResult, Evaluate } from './check.js';
import { checkFields } from './common.js';
import { defineCheck } from './define.js';
import { LimitedFunction } from './limited/thread.js';

/**
 * What the module of a check of one's own exports as its default. It may answer later. It runs in a thread of its own: what
 * it changes outside of itself, the rest of the process does not see.
 */
export type CodeCheck = (rollout: {
  /** A copy, without `truth`. */
  task: Omit<Task, 'truth'>;
  response: string;
}) => number | CheckResult | Promise<number | CheckResult>;

const codeSchema = z.strictObject({
  type: z.literal('code'),
  module: moduleName.meta({
    description: 'Its default export is ({ task, response }) => number in 0 to 1, or { score, detail }',
  }),
  timeout_seconds: z.number().positive().max(3600).default(5).meta({
    description:
      'One call of the module. An answer on which it does not come to an end, though it does on an empty one, scores 0',
  }),
  ...checkFields,
});

export const code = defineCheck({
  type: 'code',
  schema: codeSchema,
  files: ({ module: name }) => [{ path: ['module'], name, isModule: true }],
  create: codeCheck,
});

const PROGRAM = `async (url) => {
  let module;
  try {
    module = await import(url);
  } catch (cause) {
    throw 'cannot be loaded: ' + (cause instanceof Error ? cause.message : cause);
  }
  if (typeof module.default === 'function') return module.default;
  throw 'has no function as default export; expected ({ task, response }) => number in 0 to 1';
}`;

/**
 * The user's own rule: the default export of a module, a `CodeCheck`. It is given copies without `truth`, so that it can
 * neither change a task nor look up the answer, and it runs in a thread, so that it can neither keep nor end the process.
 *
 * Where it does not come to an end, it is asked about an empty answer to the same task. If it ends there, the answer is what
 * keeps it: it scores 0, for an answer that got off with no score would have gained by it. If not, the module is broken.
 *
 * @throws {InputError} when the module is missing or outside of the configuration's folder; and at evaluation when it
 *   cannot be loaded, exports no function, throws, never ends, or gives no number from 0 to 1.
 */
function codeCheck(
  { module: file, timeout_seconds: limitSeconds }: z.output<typeof codeSchema>,
  context: CheckContext,
): Evaluate {
  const opening = findModule(file, context).then(
    (url) => new LimitedFunction({ program: PROGRAM, data: url, limitSeconds }),
  );
  // A module that cannot be found is told at the first evaluation, which may come much later than the failure.
  opening.catch(() => {});
  return async ({ task, response }) => {
    const limited = await opening;
    const reply = await limited.call(shown(task, response));
    if ('value' in reply) return readResult(reply.value, file, task);
    if ('unloadable' in reply) throw moduleError(file, reply.unloadable);
    if ('threw' in reply) throw moduleError(file, `threw on task ${task.id}: ${reply.threw}`);
    const empty = await limited.callAlone(shown(task, ''));
    if ('lost' in empty) {
      const why = `${empty.lost} on an empty answer to task ${task.id}`;
      throw moduleError(file, `${why}: mend it, or raise timeout_seconds`);
    }
    return { score: 0, detail: `${file} ${reply.lost} on this answer, and not on an empty one` };
  };
}

function shown({ truth: _, ...task }: Task, response: Rollout['response']) {
  return { task, response };
}

function readResult(result: unknown, file: string, task: Task): CheckResult {
  const { score, detail } =
    typeof result === 'object' && result !== null
      ? (result as { score?: unknown; detail?: unknown })
      : { score: result, detail: undefined };
  if (typeof score !== 'number' || !(score >= 0 && score <= 1)) {
    throw moduleError(file, `gave ${show(score)} for task ${task.id}; expected a number from 0 to 1`);
  }
  if (detail !== undefined && typeof detail !== 'string') {
    throw moduleError(file, `gave ${show(detail)} as the detail for task ${task.id}; expected text`);
  }
  // −0 is 0: it would not survive being stored.
  return { score: score + 0, ...(detail === undefined ? {} : { detail }) };
}

function show(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'an object' : String(value).slice(0, 60);
}
