import { InputError } from '@touchstone/spec';
import type { Criterion } from '../criterion.js';
import { shows } from '../prompt.js';
import type { RubricConfig } from './schema.js';

/**
 * The criteria in the batches that are asked for in one call each, in their order.
 *
 * @throws {InputError} when the user's prompt would ask for the same in every batch.
 */
export function inBatches({ criteria, criteria_per_call, prompt }: RubricConfig): Criterion[][] {
  if (criteria_per_call === undefined || criteria_per_call >= criteria.length) return [criteria];
  if (prompt !== undefined && !shows(prompt, 'criteria', 'format')) {
    throw new InputError([
      {
        message:
          'judge.prompt: with criteria_per_call it must show {{criteria}} or {{format}}, the criteria of the call',
      },
    ]);
  }
  return Array.from({ length: Math.ceil(criteria.length / criteria_per_call) }, (_, i) =>
    criteria.slice(i * criteria_per_call, (i + 1) * criteria_per_call),
  );
}
