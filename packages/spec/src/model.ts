import type { JsonObject } from './json.js';
import type { Message } from './task.js';

/** One question to a language model. */
export interface ModelRequest {
  messages: Message[];
  /**
   * Characters at the start of the last message that other requests share (the task, before the candidate). Where the
   * provider caches prompts on request, a cached prefix ends there. Default 0.
   */
  sharedPrefix?: number;
  /** Always set: providers reserve quota for it when a call starts. */
  maxOutputTokens: number;
  /** 0 is greedy; null leaves it to the provider. */
  temperature: number | null;
  /** Same request, same seed, same model: same reply, where the provider can promise that. */
  seed: number;
  /** JSON Schema of the reply; sent natively where `structuredOutput` is true. */
  schema?: JsonObject;
  /** Ask for the log-probabilities of the reply's tokens, with this many alternatives each (1–20). */
  logprobs?: number;
  signal?: AbortSignal;
}

/** One token of a reply and what else the model might have written in its place. */
export interface TokenLogprob {
  token: string;
  /** Natural logarithm of the probability, ≤ 0. */
  logprob: number;
  alternatives: { token: string; logprob: number }[];
}

export interface ModelReply {
  text: string;
  finish: 'stop' | 'length' | 'refusal' | 'other';
  inputTokens: number;
  outputTokens: number;
  /** Of `inputTokens`, those that the provider read from its prompt cache. */
  cachedInputTokens?: number;
  /** In order; absent when they were not asked for or the provider has none. */
  logprobs?: TokenLogprob[];
  /** `provider:model` that answered, where it is not the one that was asked first. */
  model?: string;
}

/** The port every language model is reached through: an API provider or the engine. */
export interface LanguageModel {
  /** `provider:model` as the user wrote it. */
  id: string;
  /** Resolved version for the fingerprint: a model version string, or the hash of local weights. */
  version: string;
  /** The provider enforces `schema` itself. */
  structuredOutput: boolean;
  /** @throws {ProviderError} when no reply came. */
  generate(request: ModelRequest): Promise<ModelReply>;
}

/**
 * Where replies are kept so that no identical call is paid for twice. Keys are idempotency keys. A shared cache that
 * cannot be reached answers undefined: it must never fail a call.
 */
export interface ReplyCache {
  get(key: string): ModelReply | undefined | Promise<ModelReply | undefined>;
  /**
   * `get` for a cache that several processes share: where nothing is known, the caller alone has the right to ask, until it
   * puts the reply or releases the key, or its process ends. Waits while another process has that right; when `signal`
   * aborts, it gives undefined and no right.
   */
  reserve?(key: string, signal: AbortSignal): Promise<ModelReply | undefined>;
  /** Gives back what `reserve` gave: no reply came. */
  release?(key: string): void | Promise<void>;
  put(key: string, reply: ModelReply): void | Promise<void>;
  /** Notes a reply that was paid for and is no answer, for a store that adds up costs; `get` never gives it. */
  note?(key: string, reply: ModelReply): void | Promise<void>;
  /** Makes room for another reply; for a cache whose first reply stays. It was found to be no answer. */
  forget?(key: string): void | Promise<void>;
}
