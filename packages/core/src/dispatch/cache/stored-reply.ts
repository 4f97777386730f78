import type { ModelReply } from '@touchstone/spec';
import { isRecord } from '../../text/json-value.js';

const FINISHES: readonly unknown[] = ['stop', 'length', 'refusal', 'other'] satisfies ModelReply['finish'][];

/**
 * The reply that `text` holds as JSON, as other machines and other versions may have left it; undefined when it is none.
 * Without a schema, because a Lambda bundle has none.
 */
export function readStoredReply(text: string): ModelReply | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const { text: reply, finish, inputTokens, outputTokens, cachedInputTokens, logprobs, model } = value;
  const isReply =
    typeof reply === 'string' &&
    FINISHES.includes(finish) &&
    isCount(inputTokens) &&
    isCount(outputTokens) &&
    (cachedInputTokens === undefined || isCount(cachedInputTokens)) &&
    (logprobs === undefined || (Array.isArray(logprobs) && logprobs.every(isPosition))) &&
    (model === undefined || typeof model === 'string');
  if (!isReply) return undefined;
  const known = { text: reply, finish, inputTokens, outputTokens, cachedInputTokens, logprobs, model };
  return Object.fromEntries(
    Object.entries(known).filter(([, field]) => field !== undefined),
  ) as unknown as ModelReply;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isToken(value: unknown): value is Record<string, unknown> {
  if (!isRecord(value) || typeof value['token'] !== 'string') return false;
  const { logprob } = value;
  return typeof logprob === 'number' && logprob <= 0;
}

function isPosition(value: unknown): boolean {
  return isToken(value) && Array.isArray(value['alternatives']) && value['alternatives'].every(isToken);
}
