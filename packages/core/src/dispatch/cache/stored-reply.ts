import type { ModelReply } from '@touchstone/spec';
import { z } from 'zod';

const tokens = z.int().nonnegative();
const logprob = z.number().max(0);

/** A reply as other machines and other versions may have left it. */
const storedReply = z.object({
  text: z.string(),
  finish: z.enum(['stop', 'length', 'refusal', 'other']),
  inputTokens: tokens,
  outputTokens: tokens,
  cachedInputTokens: tokens.optional(),
  logprobs: z
    .array(
      z.object({
        token: z.string(),
        logprob,
        alternatives: z.array(z.object({ token: z.string(), logprob })),
      }),
    )
    .optional(),
  model: z.string().optional(),
});

/** The reply that `text` holds as JSON; undefined when it is none. */
export function readStoredReply(text: string): ModelReply | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { data } = storedReply.safeParse(value);
  if (!data) return undefined;
  const { cachedInputTokens, logprobs, model, ...reply } = data;
  return {
    ...reply,
    ...(cachedInputTokens === undefined ? {} : { cachedInputTokens }),
    ...(logprobs === undefined ? {} : { logprobs }),
    ...(model === undefined ? {} : { model }),
  };
}
