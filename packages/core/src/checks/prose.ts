import type { JsonValue } from '@touchstone/spec';
import { parseAnswer } from '../text/answer.js';

/** What a person reads of an answer: the strings of JSON without its keys, no code, no addresses. */
export function proseOf(text: string): string {
  const answer = parseAnswer(text);
  const plain = 'value' in answer ? stringsOf(answer.value).join('\n') : text;
  return plain
    .replace(/```[^`]*(?:```|$)/g, ' ')
    .replace(/`[^`\n]*`/g, ' ')
    .replace(/"[^"\n]{1,60}"\s*:/g, ' ')
    .replace(/\b(?:https?:\/\/|www\.)\S+/g, ' ');
}

/** Every string in a value, in order; the keys are not among them. */
export function stringsOf(value: JsonValue): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsOf) : [];
}
