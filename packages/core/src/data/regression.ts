import type { JsonObject, JsonValue, Task } from '@touchstone/spec';
import type { Parsed } from './json-lines.js';
import { describe, isObject, member, omit } from '../text/json-value.js';
import { parseResponse } from './labelled.js';
import { readTaskLines } from './read-task-lines.js';
import { parseTaskLine } from './task-line.js';

const KINDS = ['good', 'bad', 'boundary'] as const;

/** An answer whose score is known well enough to notice when the judge changes its mind. */
export interface RegressionCase {
  task: Task;
  response: string;
  kind: (typeof KINDS)[number];
  /** The judge's score (0–1) is expected in [min, max]; an absent end is open. */
  min?: number;
  max?: number;
}

/** One line of regression cases: a task line with `response`, `kind` (good, bad, boundary) and `min` and/or `max`. */
export function parseRegressionLine(value: unknown): Parsed<RegressionCase> {
  const line = value as JsonValue;
  if (!isObject(line)) return { problems: [`expected a JSON object, got ${describe(line)}`] };
  const problems: string[] = [];
  const response = parseResponse(line, problems);
  const kind = KINDS.find((name) => name === member(line, 'kind'));
  if (kind === undefined)
    problems.push(`kind: expected ${KINDS.join(', ')}, got ${describe(member(line, 'kind'))}`);
  const min = parseBound(line, 'min', problems);
  const max = parseBound(line, 'max', problems);
  if (min === undefined && max === undefined && problems.length === 0) {
    problems.push('expected min or max, the score (0 to 1) that the judge should give at least or at most');
  }
  if (min !== undefined && max !== undefined && min > max) problems.push(`min ${min} is above max ${max}`);
  const parsed = parseTaskLine(omit(line, ['response', 'kind', 'min', 'max']));
  if ('problems' in parsed) return { problems: [...problems, ...parsed.problems] };
  if (kind === undefined || problems.length > 0) return { problems };
  return {
    value: {
      task: parsed.value,
      response,
      kind,
      ...(min === undefined ? {} : { min }),
      ...(max === undefined ? {} : { max }),
    },
  };
}

/** @throws {InputError} naming every bad line as `file:line`, or when the file is not JSON Lines at all. */
export function readRegression(path: string): Promise<RegressionCase[]> {
  return readTaskLines(path, parseRegressionLine);
}

function parseBound(line: JsonObject, key: 'min' | 'max', problems: string[]): number | undefined {
  const value = member(line, key) ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  problems.push(`${key}: expected a number from 0 to 1, got ${describe(value)}`);
  return undefined;
}
