import type { JsonObject, JsonValue, Task } from '@touchstone/spec';
import type { Parsed } from './json-lines.js';
import { describe, isObject, member, omit } from '../text/json-value.js';
import { shorten } from './json-lines.js';
import { readTaskLines } from './read-task-lines.js';
import { parseTaskLine } from './task-line.js';

/** An answer that people have judged. */
export interface LabelledAnswer {
  task: Task;
  response: string;
  /**
   * Value per criterion, on the criterion's own scale, Boolean as 0 or 1: one record for each item of the answer, or a
   * single one for the whole answer. A record may leave criteria out. For a judge without criteria, `score`, 0–1.
   */
  labels: Record<string, number>[];
}

/**
 * One line of labelled answers: a task line with `response` (the answer as a string) and `labels`, for example
 * `{"Actionability": 4, "Grounding": true}` or a list of those, one for each item of the answer.
 */
export function parseLabelledLine(value: unknown): Parsed<LabelledAnswer> {
  const line = value as JsonValue;
  if (!isObject(line)) return { problems: [`expected a JSON object, got ${describe(line)}`] };
  const problems: string[] = [];
  const response = parseResponse(line, problems);
  const labels = parseLabels(member(line, 'labels'), problems);
  const parsed = parseTaskLine(omit(line, ['response', 'labels']));
  if ('problems' in parsed) return { problems: [...problems, ...parsed.problems] };
  return problems.length > 0 ? { problems } : { value: { task: parsed.value, response, labels } };
}

/** @throws {InputError} naming every bad line as `file:line`, or when the file is not JSON Lines at all. */
export function readLabelled(path: string): Promise<LabelledAnswer[]> {
  return readTaskLines(path, parseLabelledLine);
}

/** The answer that is judged on this line. Blank is allowed: an empty answer is an answer. */
export function parseResponse(line: JsonObject, problems: string[], key = 'response'): string {
  const response = member(line, key);
  if (typeof response === 'string') return response;
  problems.push(`${key}: expected the answer as a string, got ${describe(response)}`);
  return '';
}

function parseLabels(value: JsonValue | undefined, problems: string[]): Record<string, number>[] {
  const records = Array.isArray(value) ? value : [value];
  const before = problems.length;
  const labels = records.map((record, index) => {
    const at = Array.isArray(value) ? `labels[${index}]` : 'labels';
    if (!isObject(record)) {
      problems.push(`${at}: expected an object of criterion and value, got ${describe(record)}`);
      return {};
    }
    return Object.fromEntries(
      Object.entries(record).map(([criterion, label]) => {
        if (typeof label === 'boolean') return [criterion, Number(label)];
        if (typeof label === 'number' && Number.isFinite(label)) return [criterion, label];
        problems.push(
          `${at}."${shorten(criterion)}": expected a number, true or false, got ${describe(label)}`,
        );
        return [criterion, 0];
      }),
    );
  });
  if (problems.length === before && !labels.some((record) => Object.keys(record).length > 0)) {
    problems.push('labels: expected at least one label, got none');
  }
  return labels;
}
