import type { JsonValue } from '@touchstone/spec';
import { isBlank, parseAnswer } from '../../text/answer.js';

/** What one judge call judges: an item of the answer, or the whole answer. */
export interface Candidate {
  /** 0-based place in the list; absent for the whole answer. */
  item?: number;
  value: JsonValue;
  /** Set when no call is made: the candidate scores 0, for this reason. */
  zero?: string;
}

/**
 * The candidates of an answer. None at all means that there is nothing to judge: an empty answer, or for `item` an
 * answer that is not a JSON list with something in it. Items beyond `maxItems` and empty items score 0 uncalled.
 */
export function candidatesOf(response: string, unit: 'item' | 'answer', maxItems: number): Candidate[] {
  if (unit === 'answer') return isBlank(response) ? [] : [{ value: response }];
  const answer = parseAnswer(response);
  if (!('value' in answer) || !Array.isArray(answer.value)) return [];
  return answer.value.map((value, item) => {
    if (item >= maxItems) return { item, value, zero: `not judged: beyond the first ${maxItems} items` };
    return isEmpty(value) ? { item, value, zero: 'not judged: the item is empty' } : { item, value };
  });
}

function isEmpty(value: JsonValue): boolean {
  if (typeof value === 'string') return isBlank(value);
  return value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}
