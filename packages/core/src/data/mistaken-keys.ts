import type { JsonObject } from '@touchstone/spec';
import { member } from '../text/json-value.js';

/** Fields of `metadata` that the configuration names, so that they are meant as they stand; or that all are. */
export type Meant = ReadonlySet<string> | 'all';
export const NONE_MEANT: Meant = new Set();

/**
 * What other formats and people call `reference_answer`, in lower case and without `_` and `-`. `label`, `output` and `chosen` are left out: as often
 * they are a class to cut figures by, what a model has said, or the better of two answers.
 */
const REFERENCES = [
  'reference',
  'references',
  'referenceanswer',
  'referenceanswers',
  'referenceoutput',
  'expected',
  'expectedanswer',
  'expectedoutput',
  'groundtruth',
  'gold',
  'goldanswer',
  'answer',
  'correctanswer',
  'ideal',
  'target',
  'solution',
  'solutions',
  'completion',
  'completions',
];
export const RESPONSES = [
  'answer',
  'responses',
  'output',
  'outputtext',
  'completion',
  'modeloutput',
  'reply',
];
export const LABELS = ['label', 'scores', 'score', 'rating', 'ratings', 'grades', 'annotations'];

/** The key of a task line that looks like its reference, where the line has none under a name that is read. */
export function mistakenReference(line: JsonObject, meant: Meant): string | undefined {
  if (meant === 'all') return undefined;
  const key = mistaken(line, REFERENCES);
  return key !== undefined && meant.has(key) ? undefined : key;
}

/** The first key with a value that is one of `names`, however it is written. */
export function mistaken(line: JsonObject, names: readonly string[]): string | undefined {
  return Object.keys(line).find(
    (key) =>
      names.includes(key.toLowerCase().replace(/[_\s-]/g, '')) &&
      key !== 'reference_answer' &&
      (member(line, key) ?? null) !== null,
  );
}

/** `: did you mean KEY?`, where the line has such a key. */
export function meantBy(line: JsonObject, key: string, names: readonly string[]): string {
  const found = Object.hasOwn(line, key) ? undefined : mistaken(line, names);
  return found === undefined ? '' : `: did you mean ${key} by "${found}"?`;
}
