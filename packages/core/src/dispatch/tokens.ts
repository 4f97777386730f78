import type { ModelReply, ModelRequest } from '@touchstone/spec';

/** What a request may cost in input tokens, before the provider has counted them. */
export interface TokenMeter {
  /** The likely count, from what the provider counted before; a fourth of the bytes at first. */
  estimate(bytes: number): number;
  learn(bytes: number, reply: ModelReply): void;
}

/** Role and separators of a message, and the instructions some providers add to hold a reply to a schema. */
const TOKENS_PER_MESSAGE = 16;
const TOKENS_OF_PROVIDER = 1024;
const FIRST_TOKENS_PER_BYTE = 0.25;
const SMOOTHING = 0.1;

/** Bytes of all that a request sends as text (UTF-8). */
export function requestBytes({ messages, schema }: ModelRequest): number {
  const text = messages.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
  return text + (schema === undefined ? 0 : schemaBytes(schema));
}

const bytesOfSchemas = new WeakMap<object, number>();

/** A judge has one schema for all of its calls. */
function schemaBytes(schema: object): number {
  const known = bytesOfSchemas.get(schema) ?? Buffer.byteLength(JSON.stringify(schema));
  bytesOfSchemas.set(schema, known);
  return known;
}

/** A count that input tokens do not exceed: tokenizers that fall back to bytes make no more tokens than bytes. */
export function inputTokensAtMost(request: ModelRequest, bytes: number): number {
  return bytes + TOKENS_PER_MESSAGE * request.messages.length + TOKENS_OF_PROVIDER;
}

export function createTokenMeter(): TokenMeter {
  let perByte = FIRST_TOKENS_PER_BYTE;
  return {
    estimate: (bytes) => Math.ceil(bytes * perByte),
    learn(bytes, { inputTokens }) {
      // Servers that do not count report 0.
      if (bytes > 0 && inputTokens > 0) perByte += SMOOTHING * (Math.min(1, inputTokens / bytes) - perByte);
    },
  };
}
