import type {
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3GenerateResult,
} from '@ai-sdk/provider';
import { ProviderError, type LanguageModel, type ModelReply, type ModelRequest } from '@touchstone/spec';
import { toProviderError, type CallPlace } from './provider-error.js';

export interface ProviderModelInfo extends Omit<CallPlace, 'signal'> {
  version: string;
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
        result = await model.doGenerate(toCallOptions(request, info.structuredOutput));
      } catch (error) {
        throw toProviderError(error, { ...info, signal: request.signal });
      }
      return toReply(result, info.id);
    },
  };
}

function toCallOptions(request: ModelRequest, native: boolean): LanguageModelV3CallOptions {
  return {
    prompt: request.messages.map((message) =>
      message.role === 'system'
        ? { role: 'system', content: message.content }
        : { role: message.role, content: [{ type: 'text', text: message.content }] },
    ),
    maxOutputTokens: request.maxOutputTokens,
    temperature: request.temperature,
    seed: request.seed,
    ...(native && request.schema
      ? { responseFormat: { type: 'json', name: 'reply', schema: request.schema } }
      : {}),
    ...(request.signal ? { abortSignal: request.signal } : {}),
  };
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
  };
}

/** OpenAI puts a refusal under `choices[0].message.refusal`, with finish reason `stop` and no content. */
function hasRefusal(body: unknown): boolean {
  const choices = (body as { choices?: unknown } | null | undefined)?.choices;
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  const message = (first as { message?: { refusal?: unknown } | null } | null | undefined)?.message;
  return typeof message?.refusal === 'string' && message.refusal !== '';
}
