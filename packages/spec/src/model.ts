import type { JsonObject } from './json.js';
import type { Message } from './task.js';

/** One question to a language model. */
export interface ModelRequest {
  messages: Message[];
  /** Always set: providers reserve quota for it when a call starts. */
  maxOutputTokens: number;
  /** 0 is greedy. */
  temperature: number;
  /** Same request, same seed, same model: same reply, where the provider can promise that. */
  seed: number;
  /** JSON Schema of the reply; sent natively where `structuredOutput` is true. */
  schema?: JsonObject;
  signal?: AbortSignal;
}

export interface ModelReply {
  text: string;
  finish: 'stop' | 'length' | 'refusal' | 'other';
  inputTokens: number;
  outputTokens: number;
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

/** Where replies are kept so that no identical call is paid for twice. Keys are idempotency keys. */
export interface ReplyCache {
  get(key: string): ModelReply | undefined;
  put(key: string, reply: ModelReply): void;
}
