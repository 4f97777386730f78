import { isRecord, own } from '@touchstone/core';
import type { JsonValue } from '@touchstone/spec';
import { splitTurns } from '../../scoring/conversation.js';
import { referenceOf } from '../../scoring/sample.js';

/** A sample of any shape. */
export interface Conversation {
  /** The turns that ask. */
  prompt: unknown;
  /** The answer, as text, parts or turns; undefined where there is none yet. */
  answer: unknown;
  reference: JsonValue;
  /** What else the sample holds: the fields of the data set. */
  fields: Record<string, unknown>;
}

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
    referenceOf(own(sample, 'reference_answer'), own(metadata, 'reference_answer'), ...others);

  const messages = own(sample, 'messages');
  if (Array.isArray(messages)) {
    return { ...splitTurns(messages), reference: referenceOr(), fields: without(sample, ['messages']) };
  }
  const query = own(sample, 'query');
  if (query !== undefined) {
    const system = own(sample, 'system');
    return {
      prompt: [
        { role: 'system', content: system },
        { role: 'user', content: query },
      ],
      answer: own(sample, 'model_response') ?? undefined,
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
      prompt: Array.isArray(prompt) ? prompt : [{ role: 'user', content: prompt }],
      answer: own(sample, 'completion') ?? own(sample, 'response') ?? undefined,
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

function without(record: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !keys.includes(key)));
}
