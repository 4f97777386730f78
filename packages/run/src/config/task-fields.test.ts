import { expect, it } from 'vitest';
import { missingReference } from './task-fields.js';

it('says that a judge is told of a reference which no task has', () => {
  const told = { judge: { objective: 'Compare with the reference.' } } as never;
  expect(missingReference(told, [{ reference: null }])).toMatch(/no task has one.*reference_answer/);
  expect(missingReference(told, [{ reference: null }, { reference: 'a' }])).toBeUndefined();
  expect(missingReference(told, [])).toBeUndefined();
  const other = { judge: { objective: 'Is the cross-reference of the clause right?' } } as never;
  expect(missingReference(other, [{ reference: null }])).toBeUndefined();
});
