import { isRecord, own, parseTaskLine, mapInSlices, type Meant } from '@touchstone/core';
import { InputError, type JsonValue, type Rollout } from '@touchstone/spec';
import { answerText, readTurns } from './turns.js';

/** One sample of a request: what is to be scored, or why it cannot be. */
export interface Sample {
  id: string;
  /** null when not even its task can be read. */
  rollout: Rollout | null;
  /** Why it cannot be scored. */
  problem?: string;
}

/**
 * A task line with its answer: `{"messages": [...], "reference_answer"?, "metadata"?, ..., "response": "..."}`.
 * An empty answer is an answer.
 *
 * @returns the rollout, with the task's id, or everything that is wrong.
 */
export function parseSampleLine(value: unknown, meant?: Meant): { value: Rollout } | { problems: string[] } {
  if (!isRecord(value)) return { problems: ['expected a JSON object'] };
  const { response, ...line } = value;
  const parsed = parseTaskLine(line, { meant });
  const problems = 'problems' in parsed ? parsed.problems : [];
  if (typeof response !== 'string') {
    return { problems: ['response: expected the answer as a string', ...problems] };
  }
  if ('problems' in parsed) return { problems };
  return { value: toRollout(parsed.value, response) };
}

/**
 * The samples of a request, each read by itself: one that cannot be read says why, and the others are not touched by it.
 *
 * @param read gives the rollout of a row, with `problem` where only its answer cannot be read. It throws an InputError
 *   when the row cannot be read.
 */
export function readSamples<T>(
  rows: readonly T[],
  read: (row: T, index: number) => Rollout & { problem?: string },
): Promise<Sample[]> {
  return mapInSlices(rows, (row, index): Sample => {
    try {
      const { problem, ...rollout } = read(row, index);
      return { id: rollout.id, rollout, ...(problem === undefined ? {} : { problem }) };
    } catch (error) {
      return { id: idOf(row) ?? `sample-${index}`, rollout: null, problem: problemOf(error) };
    }
  });
}

/** What is wrong with a row: the first few problems, and how many there are more. */
export function problemOf(error: unknown): string {
  if (error instanceof InputError) return firstOf(error.problems.map(({ message }) => message)).join('; ');
  return `internal error: ${error instanceof Error ? error.message : String(error)}`;
}

const MOST_PROBLEMS = 10;

/** A reply that lists every fault of a large request would be larger than the request. */
export function firstOf(problems: readonly string[]): string[] {
  const more = problems.length - MOST_PROBLEMS;
  return more <= 0 ? [...problems] : [...problems.slice(0, MOST_PROBLEMS), `and ${more} more`];
}

/** What a trainer calls a sample, as text: a name changes no score. */
export function idOf(row: unknown): string | undefined {
  const id = own(row, 'id');
  return (typeof id === 'string' && id.trim() !== '') || Number.isFinite(id)
    ? `${id as string | number}`
    : undefined;
}

/**
 * The rollout of a sample that a trainer sends: a task line, with its answer apart. What has one meaning is read, where a
 * line of a file would be refused: see `readTurns` and `answerText`. A reference of nothing is none, and an empty list
 * is data; columns called `tools`, `info` or `task` are metadata. When the prompt ends in an assistant turn, that is how the
 * answer begins, unless the answer repeats it.
 *
 * @throws {InputError} when the task or the answer cannot be read.
 */
export function rolloutOf(line: Record<string, unknown>, answer: unknown): Rollout {
  let prefill = '';
  const { cleaned, reference } = cleanLine(line);
  const hasContent = !Array.isArray(reference) || reference.length > 0;
  const parsed = parseTaskLine(
    { ...cleaned, reference_answer: hasContent ? reference : null },
    {
      meant: 'all',
      readTurns: (value, key, problems) => {
        const turns = readTurns(value, key, problems);
        prefill = turns?.prefill ?? '';
        return turns?.messages;
      },
    },
  );
  const response = answerText(answer);
  const problems = [
    ...(response === undefined
      ? ['response: expected the answer as text, or a list with parts of text']
      : []),
    ...('problems' in parsed ? parsed.problems : []),
  ];
  if (response === undefined || 'problems' in parsed) {
    throw new InputError(problems.map((message) => ({ message })));
  }
  const task = { ...parsed.value, reference };
  return toRollout(task, response.startsWith(prefill) ? response : prefill + response);
}

function toRollout(task: Rollout['task'], response: string): Rollout {
  return { id: task.id, task, response, finish: 'stop', group: task.id, policy: 'external' };
}

/** Columns that mean something in a data file and nothing on a wire. */
const COLUMNS = ['tools', 'info', 'task'];

function cleanLine(line: Record<string, unknown>): {
  cleaned: Record<string, unknown>;
  reference: JsonValue;
} {
  const metadata = line['metadata'] ?? {};
  const isPrompt = !Object.hasOwn(line, 'messages') && Object.hasOwn(line, 'prompt');
  const { prompt, answer, ...beside } = line;
  const { reference_answer, ...rest } = isPrompt ? beside : line;
  const taken = COLUMNS.filter((key) => Object.hasOwn(rest, key));
  const columns = Object.fromEntries(taken.map((key) => [key, rest[key]]));
  const cleaned = {
    ...Object.fromEntries(Object.entries(rest).filter(([key]) => !taken.includes(key))),
    id: idOf(line) ?? null,
    ...(isPrompt
      ? { messages: typeof prompt === 'string' ? [{ role: 'user', content: prompt }] : prompt }
      : {}),
    metadata: isRecord(metadata) ? { ...metadata, ...columns, reference_answer: null } : metadata,
  };
  const nested = own(metadata, 'reference_answer');
  return { cleaned, reference: referenceOf(reference_answer, nested, isPrompt ? answer : null) };
}

/** The first that says something. Nothing, blank text and an object of nothing but those are no reference. */
export function referenceOf(...candidates: readonly unknown[]): JsonValue {
  return candidates.find((one): one is JsonValue => !isBlank(one)) ?? null;
}

/** Trainers send `""`, `{}` or `{"text": ""}` where a row has no reference. */
function isBlank(value: unknown): boolean {
  if (value === undefined || value === null || isBlankText(value)) return true;
  return isRecord(value) && Object.values(value).every((one) => one === null || isBlankText(one));
}

function isBlankText(value: unknown): boolean {
  return typeof value === 'string' && value.trim() === '';
}
