import type { TokenLogprob } from '@touchstone/spec';

/**
 * Log-probabilities of a chat completion's body, as OpenAI and compatible servers give them:
 * `choices[0].logprobs.content[] {token, logprob, top_logprobs[] {token, logprob}}`. Undefined when there are none, or
 * any of it is not of that shape: a score must not rest on half of it.
 */
export function readLogprobs(body: unknown): TokenLogprob[] | undefined {
  const choices = member(body, 'choices');
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  const content = member(member(first, 'logprobs'), 'content');
  if (!Array.isArray(content) || content.length === 0) return undefined;
  const tokens = content.map(readToken);
  return tokens.every((token) => token !== undefined) ? tokens : undefined;
}

function readToken(entry: unknown): TokenLogprob | undefined {
  const chosen = readPair(entry);
  const top = member(entry, 'top_logprobs') ?? [];
  if (!chosen || !Array.isArray(top)) return undefined;
  const alternatives = top.map(readPair);
  return alternatives.every((pair) => pair !== undefined) ? { ...chosen, alternatives } : undefined;
}

function readPair(entry: unknown): { token: string; logprob: number } | undefined {
  const [token, logprob] = [member(entry, 'token'), member(entry, 'logprob')];
  if (typeof token !== 'string' || typeof logprob !== 'number' || Number.isNaN(logprob)) return undefined;
  // Some servers round a certain token to a little more than 0.
  return { token, logprob: Math.min(0, logprob) };
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}
