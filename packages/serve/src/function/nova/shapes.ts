import { isRecord, own } from '@touchstone/core';
import type { JsonValue } from '@touchstone/spec';

/** A sample of any shape, as a conversation whose last turn is the answer, if there is one. */
export interface Conversation {
  turns: readonly unknown[];
  /** Nothing, blank text and an object of blanks are all "no reference". */
  reference: JsonValue;
  /** What else the sample holds: the fields of the data set. */
  fields: Record<string, unknown>;
}

/** Role names that stand for the model. Training sends `assistant`, evaluation `nova_assistant`. */
const ANSWERING_ROLES = new Set(['assistant', 'nova_assistant', 'bot']);
/** Turns of other roles, such as `tool`, are left out of the prompt: tasks are single-turn text. */
const PROMPT_ROLES = new Set(['system', 'developer', 'user', ...ANSWERING_ROLES]);

/**
 * Finds prompt, answer and reference in a sample. Amazon Nova training and evaluation send `messages`; SageMaker's
 * custom-scorer evaluation keeps the shape of the data set, and adds the model's answer to it:
 *
 * | data set            | prompt              | answer             | reference, after `reference_answer`           |
 * | ------------------- | ------------------- | ------------------ | --------------------------------------------- |
 * | Nova, OpenAI        | `messages`          | the last turn      | `metadata.reference_answer`                   |
 * | SageMaker           | `system`, `query`   | `model_response`   | `response`                                    |
 * | HF prompt-completion, preference | `prompt` | `completion`       | none                                          |
 * | verl                | `prompt`            | `response`         | in `extra_info`, `reward_model.ground_truth`  |
 *
 * @returns undefined when the sample has none of these shapes.
 */
export function conversationOf(sample: Record<string, unknown>): Conversation | undefined {
  const metadata = own(sample, 'metadata');
  const referenceOr = (...others: unknown[]): JsonValue =>
    [own(sample, 'reference_answer'), own(metadata, 'reference_answer'), ...others].find(
      (value): value is JsonValue => !isBlank(value),
    ) ?? null;

  const messages = own(sample, 'messages');
  if (Array.isArray(messages)) {
    return { turns: messages, reference: referenceOr(), fields: without(sample, ['messages']) };
  }
  const query = own(sample, 'query');
  if (query !== undefined) {
    const system = own(sample, 'system');
    return {
      turns: [
        ...(isBlank(system) ? [] : [{ role: 'system', content: system }]),
        { role: 'user', content: query },
        ...answerTurn(own(sample, 'model_response')),
      ],
      reference: referenceOr(own(sample, 'response')),
      fields: without(sample, ['query', 'system', 'response', 'model_response']),
    };
  }
  const prompt = own(sample, 'prompt');
  if (prompt !== undefined) {
    const extra = own(sample, 'extra_info');
    const reference = referenceOr(
      own(extra, 'reference_answer'),
      own(own(sample, 'reward_model'), 'ground_truth'),
    );
    return {
      turns: [
        ...(Array.isArray(prompt) ? (prompt as unknown[]) : [{ role: 'user', content: prompt }]),
        ...answerTurn(own(sample, 'completion') ?? own(sample, 'response')),
      ],
      reference,
      // The fields of a data set are found under the same names, whichever shape it was sent in.
      fields: {
        ...(isRecord(extra) ? without(extra, ['reference_answer']) : {}),
        ...without(sample, ['prompt', 'completion', 'response', 'extra_info']),
      },
    };
  }
  return undefined;
}

/**
 * The turns that ask, as a task line has them, and the text of the turn that answers: the last assistant turn, unless
 * a user turn follows it. Then there is no answer yet, as in the lines of a training file. Assistant turns right
 * before the answer (a ground truth that a data set ended with) are not shown to the judge.
 */
export function splitTurns(turns: readonly unknown[]): { prompt: JsonValue[]; response: string | null } {
  const last = turns.findLastIndex((turn) => isAnswer(turn) || roleOf(turn) === 'user');
  const answered = last >= 0 && isAnswer(turns[last]);
  const before = (answered ? turns.slice(0, last) : turns).filter((turn) => PROMPT_ROLES.has(roleOf(turn)));
  const asked = before.slice(0, before.findLastIndex((turn) => !isAnswer(turn)) + 1);
  return {
    prompt: asked.map((turn) => ({ role: roleOf(turn), content: textsOf(turn).join('\n') })),
    // Parts of one answer are one text: a line end between them could break a JSON string.
    response: answered ? textsOf(turns[last]).join('') : null,
  };
}

/** An answer that is text, a list of parts, or (Hugging Face's conversational data sets) a list of turns. */
function answerTurn(answer: unknown): unknown[] {
  if (answer === undefined || answer === null) return [];
  const last: unknown = Array.isArray(answer) ? answer.at(-1) : undefined;
  return [{ role: 'assistant', content: roleOf(last) === '' ? answer : own(last, 'content') }];
}

function roleOf(turn: unknown): string {
  const role = own(turn, 'role');
  return typeof role === 'string' ? role.toLowerCase() : '';
}

function isAnswer(turn: unknown): boolean {
  return ANSWERING_ROLES.has(roleOf(turn));
}

function textsOf(turn: unknown): string[] {
  const content = own(turn, 'content');
  if (typeof content === 'string') return [content];
  if (!Array.isArray(content)) return [];
  return content.flatMap((part: unknown) => {
    const text = own(part, 'text');
    return own(part, 'type') === 'text' && typeof text === 'string' ? [text] : [];
  });
}

/** The custom scorer sends `{"text": ""}` where a row has no reference. */
function isBlank(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === 'string') return value.trim() === '';
  if (Array.isArray(value)) return value.length === 0;
  return (
    typeof value === 'object' &&
    Object.values(value).every((one) => one === null || (typeof one === 'string' && one.trim() === ''))
  );
}

function without(record: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !keys.includes(key)));
}
