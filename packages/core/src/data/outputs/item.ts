import type { JsonObject, JsonValue, Message } from '@touchstone/spec';
import { describe, isObject, member, omit } from '../../text/json-value.js';
import { shorten } from '../json-lines.js';
import type { RowTask } from './stored-answer.js';
import { askedOf, readTurns, type TurnTroubles } from './turns.js';

/** Keys under which formats have the prompt as text or turns, the first that is there counts. */
const PROMPT_KEYS = ['messages', 'input', 'query', 'question', 'prompt'];
const REFERENCE_KEYS = ['reference_answer', 'ground_truth'];

/**
 * The task of a data set's item: its prompt under one of the usual keys, what a good answer is measured against under
 * `reference_answer` or `ground_truth`, and all else as metadata.
 *
 * @param at the item's key in the row. @param asked turns that the model was sent, where the item holds no prompt.
 */
export function taskOfItem(
  item: JsonObject,
  at: string,
  asked: JsonValue | undefined,
  troubles: TurnTroubles,
): RowTask | undefined {
  const key = PROMPT_KEYS.find((one) => (member(item, one) ?? null) !== null);
  const sent = Array.isArray(asked) && asked.length > 0 ? asked : undefined;
  const prompt = key === undefined ? sent : member(item, key);
  if (prompt === undefined) {
    troubles.problems.push(
      `${at}: expected the prompt as one of ${PROMPT_KEYS.join(', ')}, got ${keysOf(item)}`,
    );
    return undefined;
  }
  const messages = messagesOf(prompt, key === undefined ? 'sample.input' : `${at}.${key}`, troubles);
  const [id, truth] = [member(item, 'id'), member(item, 'truth')];
  const reference = REFERENCE_KEYS.map((one) => member(item, one) ?? null).find((one) => one !== null);
  const hidden = [...(key === undefined ? [] : [key]), ...REFERENCE_KEYS, 'truth', 'id'];
  return {
    ...(typeof id === 'string' && id.trim() !== '' ? { id } : typeof id === 'number' ? { id: `${id}` } : {}),
    messages,
    reference: reference ?? null,
    metadata: omit(
      item,
      Object.keys(item).filter((name) => hidden.includes(name) || name.startsWith('sample.')),
    ),
    ...(truth === undefined || truth === null ? {} : { truth }),
  };
}

/** Text is what a user says; a list is turns. */
function messagesOf(prompt: JsonValue, at: string, troubles: TurnTroubles): Message[] {
  if (typeof prompt === 'string') {
    if (prompt.trim() === '') troubles.problems.push(`${at}: expected a prompt that is not blank`);
    return [{ role: 'user', content: prompt }];
  }
  const messages = askedOf(readTurns(prompt, at, troubles));
  if (troubles.problems.length === 0 && !messages.some(({ role }) => role === 'user')) {
    troubles.problems.push(`${at}: expected at least one turn of a user, got none`);
  }
  return messages;
}

export const keysOf = (row: JsonObject): string => {
  const keys = Object.keys(row);
  return keys.length === 0
    ? 'an empty object'
    : keys
        .slice(0, 12)
        .map((key) => shorten(key, 30))
        .join(', ') + (keys.length > 12 ? ', …' : '');
};

/**
 * Why a row has no answer, whatever text it has: it says that something failed, or a filter took all of the text. Undefined where it does not.
 *
 * @param isEmpty whether its answers have no text and nothing was done for them.
 */
export function failureOf(row: JsonObject, isEmpty: boolean): string | undefined {
  const sample = member(row, 'sample');
  const within = isObject(sample) ? sample : {};
  const error = [
    member(row, 'error'),
    member(row, 'inputs.error'),
    member(row, 'outputs.error'),
    member(within, 'error'),
  ]
    .map(errorIn)
    .find((one) => one !== undefined);
  if (error !== undefined) return `an error in place of an answer: ${error}`;
  const isFiltered = [row, within].some((one) => member(one, 'finish_reason') === 'content_filter');
  return isEmpty && isFiltered ? FILTERED : undefined;
}
export const FILTERED = 'a content filter took the answer away';

/** How an answer ended, as the file says it. */
export const finishIn = (value: JsonValue | undefined): 'length' | 'stop' =>
  value === 'length' ? 'length' : 'stop';

/** The text of an error; undefined where there is none. */
export function errorIn(value: JsonValue | undefined): string | undefined {
  if (value === true) return 'not said which';
  if (typeof value === 'string') return value.trim() === '' ? undefined : shorten(value, 200);
  if (!isObject(value)) return undefined;
  const [code, message] = [member(value, 'code'), member(value, 'message')];
  const words = [code, message].flatMap((one) =>
    (typeof one === 'string' && one !== '') || typeof one === 'number' ? [`${one}`] : [],
  );
  return words.length === 0 ? undefined : shorten(words.join(': '), 200);
}

/** A text that is not blank, as a model's name is. */
export const nameIn = (value: JsonValue | undefined): { model?: string } =>
  typeof value === 'string' && value.trim() !== '' ? { model: value.trim() } : {};

/** Tokens that a `usage` counts of the reply. */
export function tokensIn(usage: JsonValue | undefined): number | null {
  const found = isObject(usage)
    ? (member(usage, 'completion_tokens') ?? member(usage, 'output_tokens'))
    : undefined;
  return typeof found === 'number' && found >= 0 ? found : null;
}

/** A grader's score: a number, or true and false for 1 and 0. Null is none, and so is NaN where a file says it. */
export function scoreIn(value: JsonValue | undefined, at: string, problems: string[]): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'string' && /^nan$/i.test(value)) return null;
  problems.push(`${at}: expected a number, true, false or null, got ${describe(value)}`);
  return null;
}

/** Scores by name, as an object has them. */
export function scoresIn(
  value: JsonValue | undefined,
  at: string,
  problems: string[],
): Record<string, number | null> {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) {
    problems.push(`${at}: expected an object of names and scores, got ${describe(value)}`);
    return {};
  }
  const scores = new Map<string, number | null>();
  for (const [name, score] of Object.entries(value)) {
    const [grader, place] = [graderName(name), `${at}."${shorten(name)}"`];
    if (scores.has(grader)) problems.push(`${place}: the grader "${shorten(grader)}" is there twice`);
    scores.set(grader, scoreIn(score, place, problems));
  }
  return Object.fromEntries(scores);
}

/** The id that OpenAI hangs on a grader's name is another one in each evaluation. */
export const graderName = (name: string): string =>
  name.replace(/-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, '').trim() || name;
