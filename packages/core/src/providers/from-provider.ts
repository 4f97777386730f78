import type {
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3GenerateResult,
  LanguageModelV3Prompt,
  SharedV3ProviderOptions,
} from '@ai-sdk/provider';
import type { LanguageModel, ModelRequest } from '@touchstone/spec';
import { toProviderError, type CallPlace } from './said/provider-error.js';
import { readReply } from './said/read-reply.js';

export interface ProviderModelInfo extends Omit<CallPlace, 'signal'> {
  version: string;
  /** The request carries a JSON Schema for the provider to enforce. */
  structuredOutput: boolean;
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
    id: info.config.model,
    version: info.version,
    structuredOutput: info.structuredOutput,
    async generate(request) {
      const place = { ...info, signal: request.signal };
      let result: LanguageModelV3GenerateResult;
      try {
        result = await model.doGenerate(toCallOptions(request, info));
      } catch (error) {
        throw toProviderError(error, place);
      }
      return readReply(result, place);
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
