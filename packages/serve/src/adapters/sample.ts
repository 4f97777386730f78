import { isRecord, own } from '@touchstone/core';
import { InputError, type JsonValue, type Message, type Rollout } from '@touchstone/spec';
import { parseSampleLine } from '../scoring/sample.js';

/** What a trainer sends beside prompt and answer. */
export interface Fields {
  reference?: JsonValue | undefined;
  metadata?: Record<string, unknown>;
}

/**
 * A sample from the parts that a wire has.
 *
 * @param place names the sample in messages.
 * @throws {InputError} when they make no task.
 */
export function toRollout(
  messages: readonly Message[] | JsonValue[],
  response: string,
  { reference, metadata = {} }: Fields,
  { place, finish = 'stop' }: { place?: string; finish?: Rollout['finish'] } = {},
): Rollout {
  const parsed = parseSampleLine({
    messages,
    response,
    reference_answer: isBlank(reference) ? null : reference,
    metadata,
  });
  if ('value' in parsed) return { ...parsed.value, finish };
  throw new InputError(
    parsed.problems.map((problem) => ({ message: place === undefined ? problem : `${place}: ${problem}` })),
  );
}

/**
 * What a trainer's label column says. A label that is an object with `reference_answer` or `metadata`, or the JSON text
 * of one, is read as those fields of a data line; any other label is the reference itself.
 */
export function fieldsOfLabel(label: unknown): Fields {
  const read = typeof label === 'string' ? parseObject(label) : label;
  if (isRecord(read) && (Object.hasOwn(read, 'reference_answer') || Object.hasOwn(read, 'metadata'))) {
    const metadata = own(read, 'metadata');
    return {
      reference: own(read, 'reference_answer') as JsonValue | undefined,
      ...(isRecord(metadata) ? { metadata } : {}),
    };
  }
  return { reference: (label ?? null) as JsonValue };
}

function parseObject(text: string): unknown {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isBlank(reference: JsonValue | undefined): boolean {
  if (reference === undefined || reference === null) return true;
  if (typeof reference === 'string') return reference.trim() === '';
  return typeof reference === 'object' && Object.keys(reference).length === 0;
}

/** The text of a message's content: text, or a list of parts of which those of the given types count. */
export function textOf(content: unknown, types: readonly string[] = ['text']): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((part: unknown) => {
      const text = own(part, 'text');
      return types.includes(String(own(part, 'type'))) && typeof text === 'string' ? text : '';
    })
    .join('');
}
