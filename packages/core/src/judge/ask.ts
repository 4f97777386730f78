import {
  addUsage,
  NO_USAGE,
  type AbstentionReason,
  type JsonObject,
  type LanguageModel,
  type ModelReply,
  type Usage,
} from '@touchstone/spec';
import { createHash } from 'node:crypto';
import type { Dispatcher } from '../dispatch/dispatcher.js';
import { deriveMarker, sha256 } from './marker.js';
import type { Filled } from './prompt.js';

/** One question to the model, asked with a fresh marker. */
interface Question {
  prompt: Filled;
  schema: JsonObject;
  repeat: number;
  /** Earlier tries of the same question; each has a marker of its own. Default: 0. */
  tried?: number;
  signal: AbortSignal | undefined;
  /** Alternatives per token to ask log-probabilities for; absent: none. */
  logprobs?: number | undefined;
}

/** What came: a whole reply with the marker it must carry, or why there is none. */
type Asked = { key: string; raw: string; usage: Usage } & (
  | { reply: ModelReply; marker: string }
  | { reply?: undefined; reason: AbstentionReason; detail: string; isCutOff?: boolean }
);

export type Ask = (question: Question) => Promise<Asked>;

/**
 * How a judge asks its model. What is drawn, marker and sampling seed, follows from the question's content and repeat
 * alone, and never from the fingerprint: the same question is always the very same call, whatever settings are new. A reply that was cut off is never read: half a list can look whole.
 */
export function createAsk(options: {
  model: LanguageModel;
  dispatcher: Dispatcher;
  seed: number;
  fingerprint: string;
  config: { max_tokens: number; temperature: number };
}): Ask {
  const { model, dispatcher, seed, fingerprint, config } = options;
  return async ({ prompt, schema, repeat, tried = 0, signal, logprobs }) => {
    const shown = hashOf(prompt.texts);
    const marker = deriveMarker(
      `${seed}`,
      `${shown}/${repeat}${tried === 0 ? '' : `/${tried}`}`,
      ...prompt.texts,
    );
    const { messages, sharedPrefix } = prompt.render(marker);
    // What is sent follows from what is shown and the marker: long texts are hashed once.
    const content = sha256(`${shown}/${marker}`);
    const key = `${fingerprint}-${content.slice(0, 32)}-${repeat}`;
    const { reply, error, usage } = await dispatcher.call(
      model,
      {
        messages,
        sharedPrefix,
        maxOutputTokens: config.max_tokens,
        temperature: config.temperature,
        seed: parseInt(sha256(`${seed}/${content}/${repeat}`).slice(0, 7), 16),
        schema,
        ...(logprobs === undefined ? {} : { logprobs }),
        ...(signal === undefined ? {} : { signal }),
      },
      key,
      tried > 0,
    );
    if (error) return { key, raw: '', usage, reason: error.reason, detail: error.message };
    const asked = { key, raw: reply.text, usage };
    if (reply.finish === 'length') {
      const detail = `the reply was cut off at ${config.max_tokens} tokens; raise judge.max_tokens`;
      return { ...asked, reason: 'truncation', detail, isCutOff: true };
    }
    if (reply.finish === 'refusal')
      return { ...asked, reason: 'refusal', detail: 'the judge model refused to answer' };
    return { ...asked, reply, marker };
  };
}

/** What was read of a reply, or why nothing was. */
export type Said<T> = { key: string; raw: string; usage: Usage } & (
  { said: T } | { said?: undefined; reason: AbstentionReason; detail: string }
);

/**
 * Asks, and asks again under a new marker while the reply is cut off or cannot be read: `tries` times in all. A model that
 * stumbled over a marker, or did not come to an end, seldom does so again.
 */
export async function askUntilRead<T extends object>(
  ask: Ask,
  question: Question,
  tries: number,
  read: (reply: ModelReply, marker: string) => T | { problem: string },
): Promise<Said<T>> {
  let usage = NO_USAGE;
  for (let tried = 0; ; tried++) {
    const asked = await ask({ ...question, tried });
    usage = addUsage(usage, asked.usage);
    const { key, raw } = asked;
    const isLast = tried + 1 >= tries;
    if (!asked.reply) {
      if (asked.isCutOff && !isLast) continue;
      return { key, raw, usage, reason: asked.reason, detail: asked.detail };
    }
    const said = read(asked.reply, asked.marker);
    if (!('problem' in said)) return { key, raw, usage, said };
    if (isLast) return { key, raw, usage, reason: 'unparseable', detail: said.problem };
  }
}

/** SHA-256 of texts, each one's length before it, so that no two lists of texts look the same. */
function hashOf(texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text.length}\n`).update(text).update('\n');
  return hash.digest('hex');
}
