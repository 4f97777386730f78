import { pathToFileURL } from 'node:url';
import { InputError, RunError, type Task } from '@touchstone/spec';

/** Score of an answer against ground truth, 0–1; for evaluation only. */
export type TruthScore = (task: Task, response: string) => number;

/**
 * Loads the module that `evaluation.truth` names.
 * @throws {InputError} when it cannot be loaded or has no default function.
 */
export async function loadTruth(file: string): Promise<TruthScore> {
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(file).href)) as typeof module;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw InputError.at({ file }, `evaluation.truth: the module cannot be loaded: ${message}`, { cause });
  }
  const score = module.default;
  if (typeof score !== 'function') {
    throw InputError.at(
      { file },
      'evaluation.truth: expected a default export (task, response) => number in 0 to 1',
    );
  }
  return (task, response) => {
    const value: unknown = (score as (task: Task, response: string) => unknown)(task, response);
    if (typeof value === 'number' && value >= 0 && value <= 1) return value;
    throw new RunError(
      `evaluation.truth: task ${task.id}: expected a number in 0 to 1, got ${String(value)}`,
    );
  };
}
