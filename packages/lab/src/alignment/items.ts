import type { Criterion, OutcomeAnswer } from '@touchstone/core';
import { InputError } from '@touchstone/spec';

import { groupBy, meanOf } from '../statistics/values.js';
import { scoreOf } from '../validation/groups.js';
import { judgedParts, type Opinion, wasAsked, WHOLE, withoutRounding } from '../validation/readings.js';
import { type MetricsConfig, USUAL_FIELDS } from './metrics-schema.js';

/** An answer as it is counted: what the judge said of it, what came of it, and what may lie behind both. */
export interface Item {
  /** The task's id. */
  task: string;
  variant: string | null;
  /** Of the answer, in UTF-16 units. */
  length: number;
  /** Values of fields, by field. */
  fields: ReadonlyMap<string, string>;
  /** By criterion, with `score`, 0–1. What the judge was silent about has no entry. */
  scores: ReadonlyMap<string, number>;
  /** By metric. What is not known has no entry. */
  outcomes: ReadonlyMap<string, number>;
}

/** What an answer without the field has. */
const NO_VALUE = '(none)';
/** More values than this, or than a third of the answers where these are not few, leave nothing to compare within one. */
const MOST_VALUES = 100;
const FEW = 30;

/** What there are scores of: the criteria and the whole, which is one thing where the judge's only criterion is called as that. */
export const scoreNames = (criteria: readonly Pick<Criterion, 'name'>[]): string[] => [
  ...new Set([...criteria.map(({ name }) => name), WHOLE]),
];

/** A verdict on each criterion, the mean over the answer's items, and the score of the whole. */
export function scoresOf(opinion: Opinion, criteria: readonly Criterion[]): Map<string, number> {
  const whole = scoreOf(opinion);
  if (whole === null) return new Map();
  const parts = opinion.verdicts.flatMap((verdict) =>
    verdict.status === 'scored' && wasAsked(verdict) ? judgedParts(verdict, criteria) : [],
  );
  const scores = new Map<string, number>();
  for (const { name } of criteria) {
    const own = parts.flatMap(({ criterion, score }) => (criterion === name ? [score] : []));
    if (own.length > 0) scores.set(name, withoutRounding(meanOf(own)));
  }
  return scores.set(WHOLE, whole);
}

/** Puts what the judge said beside what came of each answer. */
export function itemsOf(
  answers: readonly OutcomeAnswer[],
  opinions: readonly Opinion[],
  criteria: readonly Criterion[],
): Item[] {
  return answers.map(({ task, response, variant = null, outcomes, fields }, i) => ({
    task: task.id,
    variant,
    length: response.length,
    fields: new Map(
      Object.entries(fields).flatMap(([name, value]) =>
        typeof value === 'object' ? [] : [[name, String(value)] as const],
      ),
    ),
    scores: scoresOf(opinions[i]!, criteria),
    outcomes: new Map([...outcomes].map(([metric, value]) => [metric, Number(value)] as const)),
  }));
}

/** Items by task, in the order in which tasks first occur. */
export const byTask = (items: readonly Item[]): Item[][] =>
  groupBy(
    items,
    items.map(({ task }) => task),
  );

export const fieldOf = ({ fields }: Item, field: string): string => fields.get(field) ?? NO_VALUE;

/** The fields that a metric holds constant. */
export function givenOf(
  { given }: MetricsConfig[string],
  answers: readonly Pick<OutcomeAnswer, 'fields'>[],
): string[] {
  const has = (field: string): boolean => answers.some(({ fields }) => Object.hasOwn(fields, field));
  return given ?? USUAL_FIELDS.filter(has);
}

/**
 * Checks metrics against the answers, before anything is paid for.
 *
 * @throws {InputError} no answer has a metric, or it is a number here and a Boolean there, or has a threshold and is Boolean; no answer has a
 *   field that is to be held constant, or it has nearly as many values as there are answers.
 */
export function assertMetricsFit(metrics: MetricsConfig, answers: readonly OutcomeAnswer[]): void {
  const problems = Object.entries(metrics).flatMap(([name, metric]) => {
    const kinds = new Set(
      answers.flatMap(({ outcomes }) => (outcomes.has(name) ? [typeof outcomes.get(name)] : [])),
    );
    const problem = kindProblem(kinds, metric);
    return [
      ...(problem === null ? [] : [`metrics.${name}: ${problem}`]),
      ...givenOf(metric, answers).flatMap((field) => {
        const found = fieldProblem(field, answers);
        return found === null ? [] : [`metrics.${name}.given: ${found}`];
      }),
    ];
  });
  if (problems.length > 0) throw new InputError(problems.map((message) => ({ message })));
}

function kindProblem(kinds: ReadonlySet<string>, { threshold }: MetricsConfig[string]): string | null {
  if (kinds.size === 0) return 'no answer of data.outcomes has it in its outcomes';
  if (kinds.size > 1) return 'expected numbers or true and false in all answers, got both';
  return kinds.has('boolean') && threshold !== undefined
    ? 'threshold: the outcomes are true or false, which says already what a success is: take it out'
    : null;
}

function fieldProblem(field: string, answers: readonly Pick<OutcomeAnswer, 'fields'>[]): string | null {
  const values = answers.flatMap(({ fields }) => (Object.hasOwn(fields, field) ? [fields[field]] : []));
  if (values.length === 0) return `no answer of data.outcomes has "${field}" in its metadata`;
  if (values.some((value) => typeof value === 'object' && value !== null))
    return `${field}: expected a text, a number, true or false in each answer's metadata, got a list or an object`;
  const different = new Set(values.map(String)).size;
  return different > MOST_VALUES || (answers.length >= FEW && different > answers.length / 3)
    ? `${field} has ${different} values in ${answers.length} answers, too many to compare answers within one: name coarser fields, or none ([])`
    : null;
}
