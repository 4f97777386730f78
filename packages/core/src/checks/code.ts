import { InputError, type Task } from '@touchstone/spec';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { CheckContext, CheckResult, Evaluate } from './check.js';
import { checkFields } from './common.js';
import { pathInside } from './inside.js';

export const codeSchema = z.strictObject({
  type: z.literal('code'),
  module: z
    .string()
    .regex(/\.m?[jt]s$/, 'expected a file that ends in .ts, .mts, .js or .mjs')
    .meta({
      description: 'Its default export is ({ task, response }) => number in 0 to 1, or { score, detail }',
    }),
  ...checkFields,
});

/**
 * The user's own rule: the default export of a module, `({ task, response }) => number | { score, detail? }`, which may
 * be asynchronous. It is given copies without `truth`, so that it can neither change a task nor look up the answer.
 *
 * @throws {InputError} when the module is missing or outside of the configuration's folder; and at evaluation when it
 *   cannot be loaded, exports no function, throws, or gives no number from 0 to 1.
 */
export function codeCheck({ module: file }: z.output<typeof codeSchema>, context: CheckContext): Evaluate {
  const path = pathInside(context.baseDir, file, 'the module');
  const loading = load(path, file, context.importModule ?? importByNode);
  // A module that cannot be loaded is told at the first evaluation, which may come much later than the failure.
  loading.catch(() => {});
  return async ({ task, response }) => {
    const score = await loading;
    const { truth: _, ...shown } = task;
    let result: unknown;
    try {
      result = await score({ task: structuredClone(shown), response });
    } catch (cause) {
      throw wrong(file, `threw on task ${task.id}: ${messageOf(cause)}`, cause);
    }
    return readResult(result, file, task);
  };
}

type Scorer = (rollout: { task: Task; response: string }) => unknown;

async function load(
  path: string,
  file: string,
  importModule: (path: string) => Promise<unknown>,
): Promise<Scorer> {
  let module: unknown;
  try {
    module = await importModule(path);
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw wrong(file, `cannot be loaded: ${messageOf(cause)}`, cause);
  }
  const score: unknown = (module as { default?: unknown } | null)?.default;
  if (typeof score === 'function') return score as Scorer;
  throw wrong(file, 'has no function as default export; expected ({ task, response }) => number in 0 to 1');
}

function importByNode(path: string): Promise<unknown> {
  const stripsTypes = Boolean((process.features as { typescript?: unknown }).typescript);
  if (/\.m?ts$/.test(path) && !stripsTypes) {
    throw new Error(
      `Node ${process.version} does not run TypeScript; expected Node 22.18 or later, or a module in JavaScript`,
    );
  }
  return import(pathToFileURL(path).href);
}

function readResult(result: unknown, file: string, task: Task): CheckResult {
  const { score, detail } =
    typeof result === 'object' && result !== null
      ? (result as { score?: unknown; detail?: unknown })
      : { score: result, detail: undefined };
  if (typeof score !== 'number' || !(score >= 0 && score <= 1)) {
    throw wrong(file, `gave ${show(score)} for task ${task.id}; expected a number from 0 to 1`);
  }
  if (detail !== undefined && typeof detail !== 'string') {
    throw wrong(file, `gave ${show(detail)} as the detail for task ${task.id}; expected text`);
  }
  // −0 is 0: it would not survive being stored.
  return { score: score + 0, ...(detail === undefined ? {} : { detail }) };
}

function show(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'an object' : String(value).slice(0, 60);
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function wrong(file: string, message: string, cause?: unknown): InputError {
  return InputError.at({ file }, `the module ${message}`, { cause });
}
