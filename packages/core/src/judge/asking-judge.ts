import {
  addUsage,
  NO_USAGE,
  type AbstentionReason,
  type JsonObject,
  type LanguageModel,
  type ModelReply,
  type ModelRequest,
  type Usage,
} from '@touchstone/spec';
import { createHash } from 'node:crypto';
import type { Dispatcher } from '../dispatch/dispatcher.js';
import type { CallsConfig } from '../dispatch/schema.js';
import type { ModelConfig, Price } from '../providers/schema.js';
import type { Criterion } from './criterion.js';
import { fingerprintOf } from './fingerprint.js';
import type { Judge, JudgedRollout, Judgement, JudgeOptions } from './judge.js';
import { deriveMarker, sha256 } from './marker.js';
import { once } from './once.js';
import type { FilledPrompt } from './prompt.js';

/** The settings that say which model is asked, and how its calls are made. */
export type ModelCallsConfig = ModelConfig & CallsConfig;

/** A judge's model, those that stand in for it, and what makes the calls to them. */
export interface ModelAccess {
  model: LanguageModel;
  /** One for each of the configuration's `fallbacks`, in their order. */
  fallbacks: readonly LanguageModel[];
  dispatcher: Dispatcher;
}

/** One question to the model, asked with a fresh marker. */
interface Question {
  prompt: FilledPrompt;
  schema: JsonObject;
  /** Earlier tries of the same question; each has a marker of its own. Default: 0. */
  tried?: number;
  /** Alternatives per token to ask log-probabilities for; absent: none. */
  logprobs?: number | undefined;
}

/** What came of a call: a whole reply, or why there is none. */
export type ReplyResult = { key: string; raw: string; usage: Usage } & (
  { reply: ModelReply } | { reply?: undefined; reason: AbstentionReason; detail: string; isCutOff?: boolean }
);

/** What was read of a reply, or why nothing was. */
export type ReadResult<T> = { key: string; raw: string; usage: Usage } & (
  { value: T } | { value?: undefined; reason: AbstentionReason; detail: string }
);

/**
 * A judge that asks a model by itself: who it is, and its way to the model. What it asks and how it reads the reply, its
 * kind says.
 */
export abstract class AskingJudge<
  Config extends ModelCallsConfig & { max_tokens: number; temperature: number | null },
> implements Judge {
  readonly id: string;
  readonly fingerprint: string;
  readonly price: Price | undefined;
  abstract readonly criteria: readonly Criterion[];

  /**
   * @param seed makes what is drawn repeatable; it is no part of the fingerprint.
   * @param ours what decides a verdict besides the settings and the models: see `fingerprintOf`.
   */
  constructor(
    protected readonly config: Config,
    protected readonly access: ModelAccess,
    protected readonly seed: number,
    ours: unknown,
  ) {
    this.id = access.model.id;
    this.fingerprint = fingerprintOf(config, { ...access, ours });
    this.price = config.price;
  }

  abstract judge(rollouts_G: readonly JudgedRollout[], options?: JudgeOptions): Promise<Judgement[]>;

  /**
   * Asks once. What is drawn, marker and sampling seed, follows from the question's content and repeat alone, and never
   * from the fingerprint: the same question is always the very same call, whatever settings are new.
   *
   * @param isRead whether a reply reads as what was asked for: others are not kept.
   */
  protected async ask(
    { prompt, schema, tried = 0, logprobs }: Question,
    options: JudgeOptions,
    isRead: (reply: ModelReply, marker: string) => boolean,
  ): Promise<ReplyResult & { marker: string }> {
    const shown = hashOf(prompt.texts);
    const name = `${shown}/${options.repeat ?? 0}${tried === 0 ? '' : `/${tried}`}`;
    const marker = deriveMarker(`${this.seed}`, name, ...prompt.texts);
    // What is sent follows from what is shown and the marker: long texts are hashed once.
    const content = sha256(`${shown}/${marker}`);
    const request = { ...prompt.render(marker), schema, ...(logprobs === undefined ? {} : { logprobs }) };
    const isAnswer = (reply: ModelReply): boolean => isRead(reply, marker);
    return { ...(await this.send(request, content, options, isAnswer, tried > 0)), marker };
  }

  /**
   * Asks, and asks again under a new marker while the reply is cut off or cannot be read: `tries` times in all. A model
   * that stumbled over a marker, or did not come to an end, seldom does so again.
   */
  protected async askUntilRead<T extends object>(
    question: Question,
    options: JudgeOptions,
    tries: number,
    read: (reply: ModelReply, marker: string) => T | { problem: string },
  ): Promise<ReadResult<T>> {
    let usage = NO_USAGE;
    const readOnce = once(read);
    for (let tried = 0; ; tried++) {
      const result = await this.ask(
        { ...question, tried },
        options,
        (reply, marker) => !('problem' in readOnce(reply, marker)),
      );
      usage = addUsage(usage, result.usage);
      const { key, raw } = result;
      const isLast = tried + 1 >= tries;
      if (!result.reply) {
        if (result.isCutOff && !isLast) continue;
        return { key, raw, usage, reason: result.reason, detail: result.detail };
      }
      const value = readOnce(result.reply, result.marker);
      if (!('problem' in value)) return { key, raw, usage, value };
      if (isLast) return { key, raw, usage, reason: 'unparseable', detail: value.problem };
    }
  }

  /**
   * Sends one request. A reply that was cut off is never read: half a list can look whole.
   *
   * @param content hash of what is sent.
   * @param isRead whether a whole reply reads as what was asked for: others are not kept.
   * @param isAgain see `Dispatcher.call`.
   */
  protected async send(
    request: Pick<ModelRequest, 'messages' | 'sharedPrefix' | 'schema' | 'logprobs'>,
    content: string,
    { repeat = 0, signal }: JudgeOptions,
    isRead: (reply: ModelReply) => boolean,
    isAgain = false,
  ): Promise<ReplyResult> {
    const { max_tokens, temperature } = this.config;
    const key = `${this.fingerprint}-${content.slice(0, 32)}-${repeat}`;
    const { reply, error, usage } = await this.access.dispatcher.call(
      this.access.model,
      {
        ...request,
        maxOutputTokens: max_tokens,
        temperature,
        seed: parseInt(sha256(`${this.seed}/${content}/${repeat}`).slice(0, 7), 16),
        ...(signal === undefined ? {} : { signal }),
      },
      key,
      isAgain,
      (reply) => reply.finish !== 'length' && reply.finish !== 'refusal' && isRead(reply),
    );
    if (error) {
      const isCutOff = error.reason === 'unparseable';
      return { key, raw: '', usage, reason: error.reason, detail: error.message, isCutOff };
    }
    const came = { key, raw: reply.text, usage };
    if (reply.finish === 'length') {
      const detail = `the reply was cut off at ${max_tokens} tokens; raise judge.max_tokens`;
      return { ...came, reason: 'truncation', detail, isCutOff: true };
    }
    if (reply.finish === 'refusal')
      return { ...came, reason: 'refusal', detail: 'the judge model refused to answer' };
    return { ...came, reply };
  }
}

/** SHA-256 of texts, each one's length before it, so that no two lists of texts look the same. */
function hashOf(texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text.length}\n`).update(text).update('\n');
  return hash.digest('hex');
}
