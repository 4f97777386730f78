import { AISDKError, type LanguageModelV3, type LanguageModelV3GenerateResult } from '@ai-sdk/provider';
import { ProviderError } from '@touchstone/spec';
import { isRecord, own } from '../text/json-value.js';

/** Versions of the AI SDK's specification of a language model that are understood here. */
export const SPECIFICATIONS: readonly unknown[] = ['v2', 'v3', 'v4'];

type Usage = LanguageModelV3GenerateResult['usage'];
type Unified = LanguageModelV3GenerateResult['finishReason']['unified'];

/**
 * A model of version 2, 3 or 4 as one of version 3. What is asked is the same in all of them, as far as it is text; of a
 * reply version 2 has flat usage and finish reasons, and version 4 may name a text of its own for structured output.
 *
 * @param id for messages.
 */
export function asVersion3(
  model: { doGenerate: (options: never) => PromiseLike<unknown> },
  id: string,
): Pick<LanguageModelV3, 'doGenerate'> {
  return {
    async doGenerate(options) {
      let result: unknown;
      try {
        result = await model.doGenerate(options as never);
      } catch (cause) {
        // Whatever a package of others throws is a failure of this call, and not of the run.
        if (AISDKError.isInstance(cause)) throw cause;
        const message = cause instanceof Error ? cause.message : String(cause);
        throw new AISDKError({ name: 'AI_PackageError', message, cause });
      }
      const content = own(result, 'content');
      if (!Array.isArray(content)) throw refusal(id, 'its reply has no content');
      if (options.responseFormat?.type === 'json' && ignored(result).includes('responseFormat')) {
        throw refusal(id, 'it cannot hold replies to a schema: set structured_output: prompt');
      }
      const chosen = own(result, 'structuredOutputText');
      return {
        ...(result as LanguageModelV3GenerateResult),
        content: typeof chosen === 'string' ? [{ type: 'text', text: chosen }] : content,
        finishReason: finishOf(own(result, 'finishReason')),
        usage: usageOf(own(result, 'usage')),
      };
    },
  };
}

/** Settings that the package says it has not heeded: `setting` in version 2, `feature` later. */
function ignored(result: unknown): unknown[] {
  const warnings = own(result, 'warnings');
  if (!Array.isArray(warnings)) return [];
  return warnings.map((warning) => own(warning, 'feature') ?? own(warning, 'setting'));
}

function finishOf(reason: unknown): { unified: Unified; raw: string | undefined } {
  const unified = isRecord(reason) ? reason['unified'] : reason;
  const said = own(reason, 'raw');
  const raw = typeof said === 'string' ? said : undefined;
  switch (unified) {
    case 'stop':
    case 'length':
    case 'content-filter':
    case 'tool-calls':
    case 'error':
      return { unified, raw };
    case 'interrupted':
      return { unified: 'error', raw: raw ?? unified };
    default:
      return { unified: 'other', raw };
  }
}

function usageOf(usage: unknown): Usage {
  const [input, output] = [own(usage, 'inputTokens'), own(usage, 'outputTokens')];
  const cached = isRecord(input) ? input['cacheRead'] : own(usage, 'cachedInputTokens');
  return {
    inputTokens: {
      total: count(isRecord(input) ? input['total'] : input),
      noCache: undefined,
      cacheRead: count(cached),
      cacheWrite: undefined,
    },
    outputTokens: {
      total: count(isRecord(output) ? output['total'] : output),
      text: undefined,
      reasoning: undefined,
    },
  };
}

function count(tokens: unknown): number | undefined {
  return typeof tokens === 'number' && tokens >= 0 ? tokens : undefined;
}

function refusal(id: string, message: string): ProviderError {
  return new ProviderError(`${id}: ${message}`, {
    reason: 'transport',
    isRetryable: false,
    mayHaveCost: true,
  });
}
