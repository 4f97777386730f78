import type { JsonObject, JsonValue, Task } from '@touchstone/spec';
import { describe, isObject, member, omit } from '../text/json-value.js';
import { recordsOrThrow, shorten, type LineProblem, type Parsed } from './json-lines.js';
import { parseResponse, withOneTask, withoutMisnamed } from './labelled.js';
import type { Meant } from './mistaken-keys.js';
import { readUsableTaskLines } from './read-task-lines.js';
import { parseTaskLine } from './task-line.js';

/** An answer that was in production, and what came of it. */
export interface OutcomeAnswer {
  task: Task;
  response: string;
  /** By metric; a Boolean stays one. A metric without an entry is not known of this answer. */
  outcomes: Map<string, number | boolean>;
  /** The arm of an experiment, or the version of the model or prompt, that wrote it. */
  variant?: string;
  /** Metadata of the line, also where lines of one task differ: a topic, a segment of users. No judge sees it. */
  fields: JsonObject;
}

/** A line that names a task of another file has no prompt of its own. */
const PROMPT_KEYS = ['messages', 'prompt', 'question'];

/**
 * One line of outcomes: a task line with `response` and `outcomes`, for example `{"csat": 4, "resolved": true}`, and perhaps `variant`. A
 * line without a prompt takes the prompt of the task with its `id`. null, as no entry, is an outcome that is not known.
 *
 * @param tasks those that a line may name, by id.
 */
export function parseOutcomeLine(
  value: unknown,
  tasks: ReadonlyMap<string, Task>,
  meant?: Meant,
): Parsed<OutcomeAnswer> {
  const line = value as JsonValue;
  if (!isObject(line)) return { problems: [`expected a JSON object, got ${describe(line)}`] };
  const problems: string[] = [];
  const response = parseResponse(line, problems);
  const outcomes = parseOutcomes(member(line, 'outcomes'), problems);
  const variant = member(line, 'variant') ?? null;
  if (variant !== null && (typeof variant !== 'string' || variant.trim() === '')) {
    problems.push(`variant: expected a text that is not blank, got ${describe(variant)}`);
  }
  const parsed = parseTask(
    withoutMisnamed(omit(line, ['response', 'outcomes', 'variant']), line),
    tasks,
    meant,
  );
  if ('problems' in parsed) return { problems: [...problems, ...parsed.problems] };
  if (problems.length > 0) return { problems };
  const named = typeof variant === 'string' ? { variant } : {};
  return {
    value: { task: parsed.value, response, outcomes, ...named, fields: parsed.value.metadata },
  };
}

function parseTask(line: JsonObject, tasks: ReadonlyMap<string, Task>, meant?: Meant): Parsed<Task> {
  const id = member(line, 'id');
  const metadata = member(line, 'metadata');
  const holds = (at: JsonValue | undefined): boolean =>
    isObject(at) && PROMPT_KEYS.some((key) => Object.hasOwn(at, key));
  if (typeof id !== 'string' || holds(line) || holds(metadata)) return parseTaskLine(line, { meant });
  const task = tasks.get(id);
  if (task === undefined) {
    return {
      problems: [`id: "${shorten(id)}" is no task of data.train or data.eval, and the line has no prompt`],
    };
  }
  // Read as a task line, so that what is refused there is refused here too.
  const own = parseTaskLine(
    { ...line, messages: task.messages.map((message) => ({ ...message })) },
    { meant },
  );
  if ('problems' in own) return own;
  const { reference, metadata: fields } = own.value;
  return {
    value: {
      ...task,
      ...(reference === null ? {} : { reference }),
      metadata: { ...task.metadata, ...fields },
    },
  };
}

function parseOutcomes(value: JsonValue | undefined, problems: string[]): Map<string, number | boolean> {
  const outcomes = new Map<string, number | boolean>();
  if (!isObject(value)) {
    problems.push(`outcomes: expected an object of metric and value, got ${describe(value)}`);
    return outcomes;
  }
  for (const [name, outcome] of Object.entries(value)) {
    if (typeof outcome === 'number' || typeof outcome === 'boolean') outcomes.set(name, outcome);
    else if (outcome !== null) {
      problems.push(
        `outcomes."${shorten(name)}": expected a number, true, false or null, got ${describe(outcome)}`,
      );
    }
  }
  return outcomes;
}

/**
 * Answers with their outcomes. A bad line costs itself: it is named in `problems`, and the others are read.
 *
 * @throws {InputError} the file is not JSON Lines at all, or no line of it can be used.
 */
export async function readOutcomes(
  path: string,
  tasks: ReadonlyMap<string, Task>,
  meant?: Meant,
): Promise<{ answers: OutcomeAnswer[]; problems: LineProblem[] }> {
  const read = await readUsableTaskLines(path, (value) => parseOutcomeLine(value, tasks, meant));
  if (read.records.length === 0) recordsOrThrow(path, read);
  return { answers: withOneTask(read.records), problems: read.problems };
}
