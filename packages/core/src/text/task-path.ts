import type { JsonValue, Task } from '@touchstone/spec';
import { stringsOf } from './json-value.js';

/**
 * Whether `path` may be read by a judge or a check: `prompt` (the last user message), `reference`,
 * `reference.NAME…` or `metadata.NAME…`. `truth` is for evaluation only and never is one.
 */
export function isTaskPath(path: string): boolean {
  return path === 'prompt' || path === 'reference' || /^(reference|metadata)(\.[^.]+)+$/.test(path);
}

/** What stands at `path` of a task (see `isTaskPath`), or undefined. Only own keys are followed. */
export function readTaskPath(task: Task, path: string): JsonValue | undefined {
  if (path === 'prompt') return task.messages.findLast((message) => message.role === 'user')?.content;
  const [root, ...rest] = path.split('.');
  if (root === 'reference') return readPath(task.reference, rest);
  return root === 'metadata' ? readPath(task.metadata, rest) : undefined;
}

/** Every text of a task that a judge or a check may be shown. */
export function textsOf(task: Task): string[] {
  return [...task.messages.map(({ content }) => content), ...stringsOf([task.reference, task.metadata])];
}

/** Follows own keys of objects, and indices of lists, from `value`. */
export function readPath(value: JsonValue, keys: readonly string[]): JsonValue | undefined {
  let current: JsonValue | undefined = value;
  for (const key of keys) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return undefined;
    current = (current as { [key: string]: JsonValue })[key];
  }
  return current;
}

/** A value as a prompt shows it: text as it is, nothing as `(none)`, anything else as compact JSON. */
export function toText(value: JsonValue): string {
  return typeof value === 'string' ? value : value === null ? '(none)' : JSON.stringify(value);
}
