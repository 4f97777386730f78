import type { JsonValue, Task } from '@touchstone/spec';
import type { Parsed } from './json-lines.js';
import { describe, isObject, member } from '../text/json-value.js';
import type { Meant } from './mistaken-keys.js';
import { parseMessages } from './messages.js';
import { readTaskLines } from './read-task-lines.js';
import { parseTaskLine } from './task-line.js';

/** A task with the answer that an annotator wrote: one example for supervised fine-tuning. */
export interface Annotation {
  task: Task;
  answer: string;
}

/** One line of annotations: a task line whose `messages` end with the assistant turn that is the answer. */
export function parseAnnotationLine(value: unknown, meant?: Meant): Parsed<Annotation> {
  const line = value as JsonValue;
  if (!isObject(line)) return { problems: [`expected a JSON object, got ${describe(line)}`] };
  const problems: string[] = [];
  const turns = parseMessages(member(line, 'messages'), 'messages', problems);
  const answer = turns?.at(-1);
  if (turns === undefined || answer === undefined) return { problems };
  if (answer.role !== 'assistant') {
    return {
      problems: [`messages: expected the last turn to be the assistant's answer, got a ${answer.role} turn`],
    };
  }
  const parsed = parseTaskLine({ ...line, messages: turns.slice(0, -1) }, { meant });
  return 'problems' in parsed ? parsed : { value: { task: parsed.value, answer: answer.content } };
}

/** @throws {InputError} naming every bad line as `file:line`, or when the file is not JSON Lines at all. */
export function readAnnotations(path: string, meant?: Meant): Promise<Annotation[]> {
  return readTaskLines(path, (value) => parseAnnotationLine(value, meant));
}
