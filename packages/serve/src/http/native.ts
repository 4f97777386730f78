import type { RewardFunction } from '@touchstone/core';
import { InputError, type Rollout } from '@touchstone/spec';
import { isRecord, own } from '../own.js';
import { describeOutcome, type RewardRecord } from '../scoring/describe-outcome.js';
import type { Report } from '../scoring/notice.js';
import { parseSampleLine } from '../scoring/sample.js';
import { noticeOf, scoreWithin } from '../scoring/score-within.js';

/**
 * `POST /v1/rewards`, the native call: `{"rollouts": [...]}` to `{"rewards": [...]}`, in the same order. A rollout is
 * `{"id"?, "task": {"id"?, "messages", "reference"?, "metadata"?}, "response"}`, or the same without `task`, its keys
 * beside `response`. An abstention is `"score": null` with a reason, so that the trainer can leave it out.
 *
 * @throws {InputError} naming every rollout that cannot be read, before anything is judged.
 */
export async function answerNative(
  body: unknown,
  reward: RewardFunction,
  report: Report,
): Promise<{ rewards: RewardRecord[] }> {
  const rollouts = parseRollouts(body);
  const outcomes = await scoreWithin(rollouts, reward);
  return {
    rewards: outcomes.map((outcome, i) => {
      const { id } = rollouts[i]!;
      const notice = noticeOf(id, outcome);
      if (notice !== undefined) report(notice);
      return describeOutcome(id, outcome);
    }),
  };
}

function parseRollouts(body: unknown): Rollout[] {
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
  return rollouts;
}

function parseRollout(item: unknown): { value: Rollout } | { problems: string[] } {
  const task = own(item, 'task');
  if (!isRecord(task)) return parseSampleLine(withReference(item));
  const parsed = parseSampleLine({ ...withReference(task), response: own(item, 'response') });
  const id = own(item, 'id') ?? null;
  if (id !== null && typeof id !== 'string') return { problems: ['id: expected a string'] };
  return 'value' in parsed && id !== null ? { value: { ...parsed.value, id } } : parsed;
}

/** Data lines say `reference_answer`; tasks say `reference`. */
function withReference<T>(line: T): T | Record<string, unknown> {
  if (!isRecord(line) || !Object.hasOwn(line, 'reference') || Object.hasOwn(line, 'reference_answer')) {
    return line;
  }
  const { reference, ...rest } = line;
  return { ...rest, reference_answer: reference };
}
