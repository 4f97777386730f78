import { isRecord, parseTaskLine } from '@touchstone/core';
import type { Rollout } from '@touchstone/spec';

/**
 * A task line with its answer: `{"messages": [...], "reference_answer"?, "metadata"?, ..., "response": "..."}`.
 * An empty answer is an answer.
 *
 * @returns the rollout, with the task's id, or everything that is wrong.
 */
export function parseSampleLine(value: unknown): { value: Rollout } | { problems: string[] } {
  if (!isRecord(value)) return { problems: ['expected a JSON object'] };
  const { response, ...line } = value;
  const parsed = parseTaskLine(line);
  const problems = 'problems' in parsed ? parsed.problems : [];
  if (typeof response !== 'string') {
    return { problems: ['response: expected the answer as a string', ...problems] };
  }
  if ('problems' in parsed) return { problems };
  const task = parsed.value;
  return { value: { id: task.id, task, response, finish: 'stop', group: task.id, policy: 'external' } };
}
