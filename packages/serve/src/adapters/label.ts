import { isRecord, own } from '@touchstone/core';

/** What a label says, as fields of a task line. */
export interface Fields {
  reference_answer: unknown;
  metadata?: Record<string, unknown>;
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
      reference_answer: own(read, 'reference_answer'),
      ...(isRecord(metadata) ? { metadata } : {}),
    };
  }
  return { reference_answer: label };
}

function parseObject(text: string): unknown {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
