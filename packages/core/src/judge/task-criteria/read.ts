import { InputError, type JsonValue, type Task } from '@touchstone/spec';
import { describe } from '../../text/json-value.js';
import { readPath, readTaskPath } from '../../text/task-path.js';
import { isBlank } from '../../text/answer.js';
import type { Criterion } from '../criterion.js';
import { categoriesOf, type TaskCriteriaConfig } from './schema.js';

/** A criterion that came with a task. Its name is the task's own; what it is reported by is its category. */
export interface TaskCriterion extends Criterion {
  category: string;
}

/** More are no list of criteria but a mistake, or a bill. */
const MAX_CRITERIA = 200;
const MAX_TEXT = 5000;
const MAX_ID = 200;
/** Beyond these a sum of points loses what small ones add. */
const MAX_POINTS = 1_000_000;

/**
 * The criteria of a task, in its order.
 *
 * @throws {InputError} naming the task: no list, none or over 200 of them, an odd text, id, category or number of points, an
 *   id twice, or no criterion with points above 0.
 */
export function readTaskCriteria(task: Task, config: TaskCriteriaConfig): TaskCriterion[] {
  const { from } = config;
  const fail = (message: string): never => {
    throw new InputError([{ message: `task ${task.id}: ${from}${message}` }]);
  };
  const list = readTaskPath(task, from);
  if (!Array.isArray(list))
    return fail(
      list === undefined
        ? ' is missing; the judge takes its criteria from there (every line about a task has to say the same)'
        : `: expected a list of criteria, got ${describe(list)}`,
    );
  if (list.length === 0 || list.length > MAX_CRITERIA)
    return fail(`: expected 1 to ${MAX_CRITERIA} criteria, got ${list.length}`);
  const criteria = list.map((item, i) => {
    const read = readOne(item, i, config);
    return typeof read === 'string' ? fail(`.${i}${read}`) : read;
  });
  const twice = criteria.findIndex(({ name }, i) => criteria.findIndex((one) => one.name === name) !== i);
  if (twice >= 0) fail(`.${twice}: the id ${JSON.stringify(criteria[twice]!.name)} is there twice`);
  if (criteria.every(({ unwanted }) => unwanted))
    fail(': expected a criterion with points above 0; without one no answer could be better than another');
  return criteria;
}

/** What is wrong with it is a text, to stand after its place. */
function readOne(item: JsonValue, i: number, config: TaskCriteriaConfig): TaskCriterion | string {
  const { text: textField, id: idField, points: pointsField, category: categoryField } = config;
  const at = (field: string): JsonValue | undefined =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? readPath(item, field.split('.'))
      : undefined;
  const text = typeof item === 'string' ? item : at(textField);
  const place = typeof item === 'string' ? '' : `.${textField}`;
  if (typeof text !== 'string' || isBlank(text) || text.length > MAX_TEXT)
    return `${place}: expected a text of at most ${MAX_TEXT} characters, got ${sizeOf(text)}`;
  const name = idField === undefined ? `c${i + 1}` : at(idField);
  if (
    (typeof name !== 'string' && typeof name !== 'number') ||
    isBlank(`${name}`) ||
    `${name}`.length > MAX_ID
  )
    return `.${idField}: expected a name of at most ${MAX_ID} characters, got ${sizeOf(name)}`;
  const points = pointsField === undefined ? 1 : at(pointsField);
  if (typeof points !== 'number' || points === 0 || !(Math.abs(points) <= MAX_POINTS))
    return `.${pointsField}: expected points, a number other than 0 of at most ${MAX_POINTS}, got ${describe(points)}`;
  const categories = categoriesOf(config).map((one) => one.name);
  const category = categoryField === undefined ? categories[0]! : at(categoryField);
  if (typeof category !== 'string' || !categories.includes(category))
    return `.${categoryField}: expected one of judge.criteria.categories (${categories.join(', ')}), got ${typeof category === 'string' ? JSON.stringify(category.slice(0, 60)) : describe(category)}`;
  return {
    name: `${name}`,
    question: text,
    scale: 'boolean',
    weight: Math.abs(points),
    category,
    ...(points < 0 && { unwanted: true as const }),
  };
}

const sizeOf = (value: JsonValue | undefined): string =>
  typeof value === 'string' && !isBlank(value) ? `${value.length} characters` : describe(value);
