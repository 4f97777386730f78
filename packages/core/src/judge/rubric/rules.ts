import { InputError, type CriterionVerdict, type JsonValue, type Task } from '@touchstone/spec';
import { z } from 'zod';
import { normaliseTypography } from '../../text/typography.js';
import { parseAnswer } from '../../text/answer.js';
import { isTaskPath, readPath, readTaskPath, toText } from '../../text/task-path.js';
import type { Criterion } from '../criterion.js';
import { scaleRange, toScore } from '../score.js';

const taskPath = z.string().refine(isTaskPath, 'expected prompt, reference, reference.NAME or metadata.NAME');

const conditionSchema = z
  .strictObject({
    quote: z.string().min(1).optional().meta({
      description: 'A field of the candidate, for example text_excerpt; all of it where this is absent',
    }),
    occurs_in: taskPath.optional().meta({ description: 'Holds when the text is in this part of the task' }),
    missing_from: taskPath
      .optional()
      .meta({ description: 'Holds when the text is not in this part of the task, or is empty' }),
    not_one_of: z
      .array(z.string())
      .min(1)
      .optional()
      .meta({ description: 'Holds when the text is none of these' }),
    empty: z.literal(true).optional().meta({ description: 'Holds when there is no text' }),
  })
  .refine(
    ({ occurs_in, missing_from, not_one_of, empty }) =>
      [occurs_in, missing_from, not_one_of, empty].some((one) => one !== undefined),
    'expected a condition: occurs_in, missing_from, not_one_of or empty',
  );

/** One mandatory rule: where every part of `when` holds, the criterion has this value, whatever the judge says. */
export const ruleSchema = z.strictObject({
  criterion: z.string().min(1).meta({ description: 'The criterion that the rule decides' }),
  value: z
    .union([z.boolean(), z.int()], { error: 'expected a score on the criterion’s scale' })
    .meta({ description: 'The score that it then has, on its own scale' }),
  when: conditionSchema.meta({ description: 'When the rule holds: all of these together' }),
});
export type Rule = z.output<typeof ruleSchema>;

/** Adds an issue for every rule that names no criterion, or a value off its scale. */
export function addRuleIssues(
  { criteria, rules }: { criteria: readonly Criterion[]; rules: readonly Rule[] },
  context: z.RefinementCtx,
): void {
  rules.forEach((rule, i) => {
    const criterion = criteria.find(({ name }) => name === rule.criterion);
    const fail = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: ['rules', i, key], message });
    if (!criterion) {
      fail(
        'criterion',
        `expected one of ${criteria.map(({ name }) => name).join(', ')}, got "${rule.criterion}"`,
      );
      return;
    }
    const { min, max } = scaleRange(criterion);
    const isBoolean = typeof rule.value === 'boolean';
    if (isBoolean !== (criterion.scale === 'boolean'))
      fail(
        'value',
        criterion.scale === 'boolean' ? 'expected true or false' : `expected a score from ${min} to ${max}`,
      );
    else if (Number(rule.value) < min || Number(rule.value) > max)
      fail('value', `expected a score from ${min} to ${max}, got ${rule.value}`);
  });
}

/** A rule in words, for the prompt and for the verdict that it overrules. */
export function describeRule({ criterion, value, when }: Rule): string {
  const what = when.quote ?? 'the candidate';
  const parts = [
    when.occurs_in === undefined ? [] : `is a quote from the ${lastName(when.occurs_in)}`,
    when.missing_from === undefined ? [] : `is not a quote from the ${lastName(when.missing_from)}`,
    when.not_one_of === undefined ? [] : `is none of ${when.not_one_of.join(', ')}`,
    when.empty === undefined ? [] : 'is empty',
  ].flat();
  return `${criterion} is ${value} when ${what} ${parts.join(' and ')}`;
}

const lastName = (path: string): string => path.split('.').at(-1)!;

/**
 * The verdicts with every rule applied, in order; the last rule that holds for a criterion decides. A verdict that a
 * rule changes says so. Quotes are compared as the grounding check does: verbatim, but for typography.
 *
 * @throws {InputError} when the task lacks what a rule compares with.
 */
export function applyRules(
  verdicts: readonly CriterionVerdict[],
  rules: readonly Rule[],
  criteria: readonly Criterion[],
  { task, candidate }: { task: Task; candidate: JsonValue },
): CriterionVerdict[] {
  const holding = rules.filter(({ when }) => holds(when, task, candidate));
  return verdicts.map((verdict) => {
    const rule = holding.findLast(({ criterion }) => criterion === verdict.criterion);
    const criterion = criteria.find(({ name }) => name === verdict.criterion);
    if (!rule || !criterion) return verdict;
    const value = Number(rule.value);
    const { entropy: _, ...rest } = verdict;
    const ruled = { ...rest, value, score: toScore(criterion, value) };
    return verdict.value === value
      ? ruled
      : { ...ruled, overruled: { by: describeRule(rule), value: verdict.value } };
  });
}

function holds(when: Rule['when'], task: Task, candidate: JsonValue): boolean {
  const text = textAt(when.quote, candidate);
  return (
    (when.occurs_in === undefined || (text !== '' && partOf(task, when.occurs_in).includes(text))) &&
    (when.missing_from === undefined || text === '' || !partOf(task, when.missing_from).includes(text)) &&
    (when.not_one_of === undefined || !when.not_one_of.some((one) => normaliseTypography(one) === text)) &&
    (when.empty === undefined || text === '')
  );
}

/** The text of the candidate, or of a field of it; of an answer that is JSON text, a field of that. Else empty. */
function textAt(path: string | undefined, candidate: JsonValue): string {
  if (path === undefined) return normaliseTypography(candidate === null ? '' : toText(candidate));
  const read = typeof candidate === 'string' ? parseAnswer(candidate) : { value: candidate };
  const value = 'value' in read ? (readPath(read.value, path.split('.')) ?? null) : null;
  return value === null ? '' : normaliseTypography(toText(value));
}

function partOf(task: Task, path: string): string {
  const value = readTaskPath(task, path);
  if (value === undefined)
    throw new InputError([{ message: `task ${task.id}: ${path} is missing; a rule of the judge needs it` }]);
  return normaliseTypography(textsIn(value).join('\n'));
}

/** All text in a value: as JSON, a quotation mark in it would not be the one that is quoted. */
function textsIn(value: JsonValue): string[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(textsIn);
  return value === null ? [] : [String(value)];
}
