import { InputError, type JsonValue } from '@touchstone/spec';
import { task } from '@touchstone/testing';
import { describe, expect, it } from 'vitest';
import { readTaskCriteria } from './read.js';
import { taskCriteriaSchema } from './schema.js';

const config = (more: object = {}) => taskCriteriaSchema.parse({ from: 'metadata.rubrics', ...more });
const taskWith = (rubrics: JsonValue) => ({ ...task, metadata: { rubrics } });
const health = config({
  id: 'id',
  points: 'points',
  category: 'tags.0',
  categories: ['accuracy', 'completeness'],
});
const one = { id: 'a', criterion: 'Names a doctor.', points: 5, tags: ['accuracy'] };

describe('the criteria of a task', () => {
  it('are read with their id, points and category; below 0 they are faults', () => {
    const list = [one, { id: 7, criterion: 'Invents a drug.', points: -8, tags: ['completeness', 'x'] }];
    expect(readTaskCriteria(taskWith(list), health)).toEqual([
      { name: 'a', question: 'Names a doctor.', scale: 'boolean', weight: 5, category: 'accuracy' },
      {
        name: '7',
        question: 'Invents a drug.',
        scale: 'boolean',
        weight: 8,
        category: 'completeness',
        unwanted: true,
      },
    ]);
    expect(readTaskCriteria(taskWith(['One?', { text: 'Two?' }]), config({ text: 'text' }))).toMatchObject([
      { name: 'c1', question: 'One?', weight: 1, category: 'criteria' },
      { name: 'c2', question: 'Two?' },
    ]);
  });

  it.each([
    [null, 'expected a list of criteria, got null'],
    ['one', 'got a string'],
    [[], 'expected 1 to 200 criteria, got 0'],
    [Array.from({ length: 500 }, (_, i) => ({ ...one, id: `${i}` })), 'got 500'],
    [[one, one], 'rubrics.1: the id "a" is there twice'],
    [[{ ...one, criterion: ' \u200b' }], 'rubrics.0.criterion: expected a text'],
    [[{ ...one, criterion: 'x'.repeat(5001) }], 'got 5001 characters'],
    [[{ ...one, id: null }], 'rubrics.0.id: expected a name'],
    [[{ ...one, id: 'x'.repeat(201) }], 'rubrics.0.id'],
    [[{ ...one, points: 0 }], 'expected points, a number other than 0'],
    [[{ ...one, points: '5' }], 'got a string'],
    [[{ ...one, points: Infinity }], 'rubrics.0.points'],
    [[{ ...one, points: NaN }], 'rubrics.0.points'],
    [[{ ...one, points: 1e300 }], 'rubrics.0.points'],
    [[{ ...one, points: -1 }], 'expected a criterion with points above 0'],
    [[{ ...one, tags: ['tone'] }], 'one of judge.criteria.categories (accuracy, completeness), got "tone"'],
    [[{ ...one, tags: ['__proto__'] }], 'got "__proto__"'],
    [[JSON.parse('{"__proto__":{"criterion":"x"}}') as JsonValue], 'rubrics.0.criterion'],
    [[7], 'rubrics.0.criterion: expected a text of at most 5000 characters, got nothing'],
  ])('%j are refused by the id of the task', (list, message) => {
    expect(() => readTaskCriteria(taskWith(list), health)).toThrow(InputError);
    expect(() => readTaskCriteria(taskWith(list), health)).toThrow(message);
    expect(() => readTaskCriteria(taskWith(list), health)).toThrow('task t: metadata.rubrics');
  });

  it('are never those of evaluation, and need their categories declared', () => {
    for (const wrong of [
      { from: 'truth.rubrics' },
      { category: 'tags' },
      { categories: ['a', 'a'], category: 'tags' },
      { categories: ['a\nb'], category: 'tags' },
    ])
      expect(taskCriteriaSchema.safeParse({ from: 'metadata.rubrics', ...wrong }).success).toBe(false);
    expect(() => readTaskCriteria(task, config())).toThrow('task t: metadata.rubrics is missing');
  });
});
