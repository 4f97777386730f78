import type { ModelReply, ModelRequest } from '@touchstone/spec';
import type { Tokens } from './cost.js';

/** What a request may cost in input tokens, before the provider has counted them. */
export interface TokenMeter {
  /** The likely count, from what the provider counted before; a fourth of the bytes at first. */
  estimate(bytes: number): number;
  learn(bytes: number, counted: Tokens): void;
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

/** Output beyond the limit of a reply is believed up to here: some servers do not count reasoning under it. */
const MOST_REASONING = 65_536;
/** A provider's own instructions, and whatever else it adds, make a prompt at most so many times longer. */
const MOST_ADDED = 4;

/** The tokens that a reply reports, and an estimate in the place of what cannot be: `isOdd` when there was such. */
export function believableTokens(
  reply: ModelReply,
  { likely, atMost }: { likely: Tokens; atMost: Tokens },
): { tokens: Tokens; isOdd: boolean } {
  const { inputTokens, outputTokens, text } = reply;
  // Servers that do not count report 0.
  const isInput = isCount(inputTokens, 1, MOST_ADDED * atMost.inputTokens);
  const isOutput = isCount(outputTokens, text === '' ? 0 : 1, atMost.outputTokens + MOST_REASONING);
  return {
    tokens: {
      inputTokens: isInput ? inputTokens : likely.inputTokens,
      outputTokens: isOutput ? outputTokens : likely.outputTokens,
    },
    isOdd: !isInput || !isOutput,
  };
}

function isCount(tokens: number, least: number, most: number): boolean {
  return Number.isInteger(tokens) && tokens >= least && tokens <= most;
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
