import type { Task } from '@touchstone/spec';
import { z } from 'zod';
import { loadFunction, messageOf, moduleError, moduleName } from '../files/load-module.js';
import type { CheckContext, CheckResult, Evaluate } from './check.js';
import { checkFields } from './common.js';
import { defineCheck } from './define.js';

/** What the module of a check of one's own exports as its default. It may answer later. */
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
  ...checkFields,
});

export const code = defineCheck({
  type: 'code',
  schema: codeSchema,
  files: ({ module: name }) => [{ path: ['module'], name, isModule: true }],
  create: codeCheck,
});

/**
 * The user's own rule: the default export of a module, a `CodeCheck`. It is given copies without `truth`, so that it can
 * neither change a task nor look up the answer.
 *
 * @throws {InputError} when the module is missing or outside of the configuration's folder; and at evaluation when it
 *   cannot be loaded, exports no function, throws, or gives no number from 0 to 1.
 */
function codeCheck({ module: file }: z.output<typeof codeSchema>, context: CheckContext): Evaluate {
  const loading = loadFunction<CodeCheck>(file, context, '({ task, response }) => number in 0 to 1');
  // A module that cannot be loaded is told at the first evaluation, which may come much later than the failure.
  loading.catch(() => {});
  return async ({ task, response }) => {
    const score = await loading;
    const { truth: _, ...shown } = task;
    let result: unknown;
    try {
      result = await score({ task: structuredClone(shown), response });
    } catch (cause) {
      throw moduleError(file, `threw on task ${task.id}: ${messageOf(cause)}`, cause);
    }
    return readResult(result, file, task);
  };
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
