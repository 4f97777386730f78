import type { JudgeDetails } from '@touchstone/spec';

import { groupBy } from '../../statistics/values.js';
import type { Reading } from '../ratings.js';

/** A table larger than this shows nothing. */
const MOST_VALUES = 12;

/** How often each label met each verdict, by criterion. One with more than twelve values, as free scores have, is left out. */
export function confusion(readings: readonly Reading[]): JudgeDetails['confusion'] {
  return groupBy(
    readings,
    readings.map(({ criterion }) => criterion),
  ).flatMap((list) => {
    const values = [...new Set(list.flatMap(({ value, label }) => [value, label]))].sort((a, b) => a - b);
    if (values.length > MOST_VALUES) return [];
    const counts = values.map(() => values.map(() => 0));
    for (const { value, label } of list) counts[values.indexOf(label)]![values.indexOf(value)]!++;
    return [{ criterion: list[0]!.criterion, values, counts }];
  });
}
