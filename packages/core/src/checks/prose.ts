import { parseAnswer } from '../text/answer.js';
import { stringsOf } from '../text/json-value.js';

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
