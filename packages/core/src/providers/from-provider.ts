import type {
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3GenerateResult,
  LanguageModelV3Prompt,
  SharedV3ProviderOptions,
} from '@ai-sdk/provider';
import { ProviderError, type LanguageModel, type ModelReply, type ModelRequest } from '@touchstone/spec';
import { readLogprobs } from './logprobs.js';
import { toProviderError, type CallPlace } from './provider-error.js';

export interface ProviderModelInfo extends Omit<CallPlace, 'signal'> {
  version: string;
  /** False where the server refuses one. */
  sendsSeed: boolean;
  /** Marks where the part of the prompt ends that other calls share, for a provider that caches it then. */
  cacheMarker: SharedV3ProviderOptions | undefined;
}

/**
 * A model of an AI SDK provider package behind our port. One call of `generate` is one HTTP request: retrying
 * and time limits belong to dispatch. Only text counts as the reply; reasoning and tool calls are left out.
 */
export function fromProvider(
  model: Pick<LanguageModelV3, 'doGenerate'>,
  info: ProviderModelInfo,
): LanguageModel {
  return {
    id: info.id,
    version: info.version,
    structuredOutput: info.structuredOutput,
    async generate(request) {
      let result: LanguageModelV3GenerateResult;
      try {
        result = await model.doGenerate(toCallOptions(request, info));
      } catch (error) {
        throw toProviderError(error, { ...info, signal: request.signal });
      }
      return toReply(result, info.id);
    },
  };
}

function toCallOptions(
  request: ModelRequest,
  { structuredOutput, sendsSeed, cacheMarker }: ProviderModelInfo,
): LanguageModelV3CallOptions {
  return {
    prompt: toPrompt(request, cacheMarker),
    maxOutputTokens: request.maxOutputTokens,
    ...(request.temperature === null ? {} : { temperature: request.temperature }),
    ...(sendsSeed ? { seed: request.seed } : {}),
    ...(structuredOutput && request.schema
      ? { responseFormat: { type: 'json', name: 'reply', schema: request.schema } }
      : {}),
    // In the words of openai-compatible, the one provider package that hands them on; others overlook it.
    ...(request.logprobs === undefined
      ? {}
      : { providerOptions: { openaiCompatible: { logprobs: true, top_logprobs: request.logprobs } } }),
    ...(request.signal ? { abortSignal: request.signal } : {}),
  };
}

/** Up to two markers: after the system messages, and where the last message stops being the same for a whole group. */
function toPrompt(
  { messages, sharedPrefix = 0 }: ModelRequest,
  marker: SharedV3ProviderOptions | undefined,
): LanguageModelV3Prompt {
  const lastSystem = messages.findLastIndex(({ role }) => role === 'system');
  return messages.map(({ role, content }, i) => {
    if (role === 'system')
      return { role, content, ...(marker && i === lastSystem ? { providerOptions: marker } : {}) };
    if (!marker || i < messages.length - 1 || sharedPrefix === 0)
      return { role, content: [{ type: 'text', text: content }] };
    const [shared, rest] = [content.slice(0, sharedPrefix), content.slice(sharedPrefix)];
    return {
      role,
      content: [
        { type: 'text', text: shared, providerOptions: marker },
        ...(rest === '' ? [] : [{ type: 'text' as const, text: rest }]),
      ],
    };
  });
}

function toReply(result: LanguageModelV3GenerateResult, id: string): ModelReply {
  const text = result.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
  const { unified } = result.finishReason;
  if (unified === 'error') {
    throw new ProviderError(`${id}: the model stopped because of an error`, {
      reason: 'transport',
      isRetryable: true,
    });
  }
  const cached = result.usage.inputTokens.cacheRead;
  const logprobs = readLogprobs(result.response?.body);
  return {
    text,
    finish:
      unified === 'content-filter' || (text === '' && hasRefusal(result.response?.body))
        ? 'refusal'
        : unified === 'stop' || unified === 'length'
          ? unified
          : 'other',
    inputTokens: result.usage.inputTokens.total ?? 0,
    outputTokens: result.usage.outputTokens.total ?? 0,
    ...(cached ? { cachedInputTokens: cached } : {}),
    ...(logprobs === undefined ? {} : { logprobs }),
  };
}

/** OpenAI puts a refusal under `choices[0].message.refusal`, with finish reason `stop` and no content. */
function hasRefusal(body: unknown): boolean {
  const choices = (body as { choices?: unknown } | null | undefined)?.choices;
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  const message = (first as { message?: { refusal?: unknown } | null } | null | undefined)?.message;
  return typeof message?.refusal === 'string' && message.refusal !== '';
}
