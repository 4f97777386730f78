import type { Evaluated } from './evaluated.js';

/** Tasks with one value of a field. */
export interface Cut {
  field: string;
  value: string;
  has: (task: string) => boolean;
}

/** A field with more values than this, such as an id, is no way to cut tasks. */
export const MOST_VALUES = 20;

/** What tasks are cut by, field by field, the values of each in order. */
export function cutsOf({ slices }: Pick<Evaluated, 'slices'>): Cut[] {
  return [...slices].flatMap(([field, values]) => {
    const names = [...new Set(values.values())].sort();
    return names.length > MOST_VALUES
      ? []
      : names.map((value) => ({ field, value, has: (task: string) => values.get(task) === value }));
  });
}

/** Fields that tasks are not cut by. */
export const fieldsTooFine = ({ slices }: Pick<Evaluated, 'slices'>): { field: string; values: number }[] =>
  [...slices]
    .map(([field, values]) => ({ field, values: new Set(values.values()).size }))
    .filter(({ values }) => values > MOST_VALUES);
