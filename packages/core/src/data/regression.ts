import type { JsonObject, JsonValue, Task } from '@touchstone/spec';
import type { Parsed } from './json-lines.js';
import { describe, isObject, member, omit } from '../text/json-value.js';
import { nearest } from '../text/nearest.js';
import { shorten } from './json-lines.js';
import { parseResponse } from './labelled.js';
import type { Meant } from './mistaken-keys.js';
import { readTaskLines } from './read-task-lines.js';
import { parseTaskLine } from './task-line.js';

/** What kinds of cases there are, and the answers that a line of each must have, in the order they are judged. */
const ANSWERS = {
  good: ['response'],
  bad: ['response'],
  boundary: ['response'],
  incident: ['response'],
  order: ['better', 'worse'],
  invariance: ['response', 'variant'],
} as const;

export type CaseKind = keyof typeof ANSWERS;
export const CASE_KINDS = Object.keys(ANSWERS) as CaseKind[];

/** Something that the judge is known to have to say, so that it is noticed when it says something else. */
export interface RegressionCase {
  task: Task;
  kind: CaseKind;
  /** What is judged: one answer; the better and the worse of an order; an answer and a variant that is worth the same. */
  responses: string[];
  /** Of one answer: its score (0–1) is expected in [min, max]; an absent end is open. */
  min?: number;
  max?: number;
  /** Of an invariance: how far apart (0–1) the two scores may be. */
  tolerance?: number;
  /** The judge is not fit for use while this one does not hold. */
  critical?: boolean;
  tags?: string[];
  /** Why this is what the judge must say. */
  why?: string;
}

/** Two scores this close are one verdict: less than a step of a scale of five, more than a rounded mean. */
const TOLERANCE = 0.1;

/** Members of a line that say what is expected, for each kind; the rest of the line is the task's. */
const OF_EVERY_KIND = ['kind', 'critical', 'tags', 'why'];
const OF_A_BAND = ['response', 'min', 'max'];
const OF_KIND: Record<CaseKind, readonly string[]> = {
  good: OF_A_BAND,
  bad: OF_A_BAND,
  boundary: OF_A_BAND,
  incident: OF_A_BAND,
  order: ANSWERS.order,
  invariance: [...ANSWERS.invariance, 'tolerance'],
};
const FIELDS = [...new Set([...OF_EVERY_KIND, ...Object.values(OF_KIND).flat()])];

/** What other tools call such fields. Taken for the task's they would be dropped without a word. */
const NOT_FIELDS = new Set(
  'expected expect expected_score score_range min_score max_score minimum maximum band threshold margin label labels severity must_pass skip disabled xfail weight chosen rejected preferred winner same equal'.split(
    ' ',
  ),
);

/**
 * One line of regression cases: a task line with `kind` and what is expected.
 *
 * - `good`, `bad`, `boundary`, `incident` (what once went wrong): `response`, with `min` and/or `max` for its score.
 * - `order`: `better` must score higher than `worse`.
 * - `invariance`: `response` and `variant` must score the same, within `tolerance` (default 0.1).
 * - On each: `critical: true`, `tags`, `why`.
 *
 * A case that every judge holds is refused: `min: 0` or `max: 1` alone or together, `tolerance: 1`.
 * A member that looks like one of these and is not is refused by name, since it would change what the case says. Others
 * are the task's.
 */
export function parseRegressionLine(value: unknown, meant?: Meant): Parsed<RegressionCase> {
  const line = value as JsonValue;
  if (!isObject(line)) return { problems: [`expected a JSON object, got ${describe(line)}`] };
  const kind = CASE_KINDS.find((name) => name === member(line, 'kind'));
  if (kind === undefined) {
    const got = member(line, 'kind');
    const named = typeof got === 'string' ? `"${shorten(got)}"` : describe(got);
    return { problems: [`kind: expected ${CASE_KINDS.join(', ')}, got ${named}`] };
  }
  const problems = Object.keys(line).flatMap((key) => fieldProblem(key, kind) ?? []);
  const responses = ANSWERS[kind].map((key) => parseResponse(line, problems, key));
  const expected = { ...parseExpected(line, kind, responses, problems), ...parseNotes(line, problems) };
  const parsed = parseTaskLine(omit(line, [...FIELDS, ...NOT_FIELDS]), { meant });
  if ('problems' in parsed) return { problems: [...problems, ...parsed.problems] };
  return problems.length > 0 ? { problems } : { value: { task: parsed.value, kind, responses, ...expected } };
}

/** @throws {InputError} naming every bad line as `file:line`, or when the file is not JSON Lines at all. */
export function readRegression(path: string, meant?: Meant): Promise<RegressionCase[]> {
  return readTaskLines(path, (value) => parseRegressionLine(value, meant));
}

/** Why a member of a line can be neither the case's nor the task's, if it cannot. */
function fieldProblem(key: string, kind: CaseKind): string | undefined {
  const mine = [...OF_EVERY_KIND, ...OF_KIND[kind]];
  if (mine.includes(key)) return undefined;
  const name = shorten(key);
  if (FIELDS.includes(key)) {
    const theirs = CASE_KINDS.filter((other) => OF_KIND[other].includes(key));
    return `${name}: belongs to a case of kind ${theirs.join(', ')}, and this one is ${kind}`;
  }
  const plain = key.toLowerCase().replaceAll(/[-\s_]/g, '');
  // Short names are close to too many words of a task.
  const meant =
    mine.find((field) => field === plain) ??
    nearest(
      key,
      mine.filter((field) => field.length > 3 && !(ANSWERS[kind] as readonly string[]).includes(field)),
    );
  if (meant === undefined && !NOT_FIELDS.has(key.toLowerCase())) return undefined;
  const hint = meant === undefined ? `expected one of ${mine.join(', ')};` : `did you mean "${meant}"?`;
  return `${name}: not a field of a case: ${hint} a field of the task that is called so belongs in metadata`;
}

/** What the scores must be. What every score is shows nothing of a judge, and is refused. */
function parseExpected(
  line: JsonObject,
  kind: CaseKind,
  responses: readonly string[],
  problems: string[],
): Pick<RegressionCase, 'min' | 'max' | 'tolerance'> {
  const [first, second] = responses;
  if (first === second && problems.length === 0) {
    problems.push(`${ANSWERS[kind][1]}: expected another answer than ${ANSWERS[kind][0]}, got the same`);
  }
  if (kind === 'order') return {};
  if (kind === 'invariance') {
    const tolerance = parseShare(line, 'tolerance', problems) ?? TOLERANCE;
    if (tolerance === 1) {
      problems.push(
        'tolerance: expected a number below 1, got 1: any two scores are as close, so every judge holds the case',
      );
    }
    return { tolerance };
  }
  const min = parseShare(line, 'min', problems);
  const max = parseShare(line, 'max', problems);
  const ends = { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
  if ((min ?? 0) === 0 && (max ?? 1) === 1 && problems.length === 0) {
    const got = Object.entries(ends).map(([end, score]) => `${end} ${score}`);
    problems.push(
      got.length === 0
        ? 'expected min or max, the score (0 to 1) that the judge should give at least or at most'
        : `expected a min above 0 or a max below 1, got ${got.join(' and ')}: no score is outside, so every judge holds the case`,
    );
  }
  if (min !== undefined && max !== undefined && min > max) problems.push(`min ${min} is above max ${max}`);
  return ends;
}

/** What people say about the case. */
function parseNotes(line: JsonObject, problems: string[]): Pick<RegressionCase, 'critical' | 'tags' | 'why'> {
  const critical = member(line, 'critical') ?? false;
  if (typeof critical !== 'boolean')
    problems.push(`critical: expected true or false, got ${describe(critical)}`);
  const tags = member(line, 'tags') ?? [];
  const areTags = Array.isArray(tags) && tags.every((tag) => typeof tag === 'string' && tag.trim() !== '');
  if (!areTags) problems.push(`tags: expected a list of words, got ${describe(tags)}`);
  const why = member(line, 'why') ?? undefined;
  if (why !== undefined && typeof why !== 'string')
    problems.push(`why: expected a text, got ${describe(why)}`);
  return {
    ...(critical === true ? { critical } : {}),
    ...(areTags && tags.length > 0 ? { tags: tags as string[] } : {}),
    ...(typeof why === 'string' && why.trim() !== '' ? { why } : {}),
  };
}

function parseShare(line: JsonObject, key: string, problems: string[]): number | undefined {
  const value = member(line, key) ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  problems.push(`${key}: expected a number from 0 to 1, got ${describe(value)}`);
  return undefined;
}
