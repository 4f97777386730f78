import type { LanguageModelV3GenerateResult } from '@ai-sdk/provider';
import type { ModelReply } from '@touchstone/spec';
import { isRecord, own } from '../../text/json-value.js';
import { readLogprobs } from '../logprobs.js';
import { errorInside } from './complaint.js';
import { noText, replyError, type CallPlace } from './provider-error.js';
import { cleanWords } from './words.js';

/** `failed`: the server ended the reply for a reason that is neither the model's nor the question's. */
type Finish = ModelReply['finish'] | 'failed';

/** Finish reasons as servers write them, in small letters; of others the client's reading counts. */
const FINISHES: ReadonlyMap<string, Finish> = new Map([
  ...['stop', 'eos', 'eos_token', 'end_turn', 'stop_sequence', 'complete'].map(
    (one) => [one, 'stop'] as const,
  ),
  ...[
    'length',
    'max_tokens',
    'max_output_tokens',
    'max_length',
    'model_length',
    'model_context_window_exceeded',
  ].map((one) => [one, 'length'] as const),
  ...[
    'content_filter',
    'content-filter',
    'content_filtered',
    'guardrail_intervened',
    'refusal',
    'safety',
    'recitation',
    'prohibited_content',
    'blocklist',
    'spii',
    'sensitive',
  ].map((one) => [one, 'refusal'] as const),
  ...[
    'error',
    // Ollama: it has only loaded the model.
    'load',
    'unload',
    // vLLM, SGLang: ended from outside.
    'abort',
    'aborted',
    'cancelled',
    'interrupted',
    'timeout',
    'failed',
    'insufficient_system_resource',
    'network_error',
    'malformed_model_output',
  ].map((one) => [one, 'failed'] as const),
]);

/**
 * The model's reply in a call that succeeded: an answer, one that was cut off or a refusal.
 *
 * @throws {ProviderError} when the server said an error in place of one, broke off, or said nothing.
 */
export function readReply(result: LanguageModelV3GenerateResult, place: CallPlace): ModelReply {
  const body = result.response?.body;
  const problem = errorInside(body);
  if (problem !== undefined)
    throw replyError({ status: 200, headers: {}, body: problem, name: undefined }, '', place);
  const text = result.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
  const { inputTokens: input, outputTokens: output } = result.usage;
  const counted = { inputTokens: input.total, outputTokens: output.total };
  const finish = finishOf(result, text);
  const raw = (): string => cleanWords(result.finishReason.raw ?? '', []);
  if (finish === 'failed')
    throw noText(`the reply broke off (finish reason ${raw() || 'error'})`, true, counted, place);
  if (text.trim() === '' && (finish === 'stop' || finish === 'other')) {
    const isOther = result.content.some(({ type }) => type !== 'text') || hasOther(body);
    if (isOther)
      throw noText('the reply has reasoning or a tool call in it, and no text', false, counted, place);
    // Something was written that is no text: an end, at once. Nothing at all is a fault of the server.
    const isNothing = !output.total || finish === 'other';
    throw noText(`the reply is empty (finish reason ${raw() || 'none'})`, isNothing, counted, place);
  }
  const cached = input.cacheRead;
  const logprobs = readLogprobs(body);
  return {
    text,
    finish,
    inputTokens: input.total ?? 0,
    outputTokens: output.total ?? 0,
    ...(cached ? { cachedInputTokens: cached } : {}),
    ...(logprobs === undefined ? {} : { logprobs }),
  };
}

function finishOf(
  { finishReason: { unified, raw }, response }: LanguageModelV3GenerateResult,
  text: string,
): Finish {
  const message = messageOf(response?.body);
  // OpenAI puts a refusal beside the content, with finish reason `stop`; Gemini says why it has blocked a prompt.
  const refused = own(message, 'refusal') ?? own(own(response?.body, 'promptFeedback'), 'blockReason');
  if (text === '' && typeof refused === 'string' && refused !== '') return 'refusal';
  const known = FINISHES.get((raw ?? '').toLowerCase());
  if (known !== undefined) return known;
  if (unified === 'content-filter') return 'refusal';
  if (unified === 'error') return 'failed';
  return unified === 'stop' || unified === 'length' ? unified : 'other';
}

function messageOf(body: unknown): unknown {
  const choices = own(body, 'choices');
  return Array.isArray(choices) ? own(choices[0], 'message') : undefined;
}

/** The message has reasoning or calls of tools. */
function hasOther(body: unknown): boolean {
  const message = messageOf(body);
  return ['reasoning_content', 'reasoning', 'thinking', 'tool_calls', 'function_call'].some((key) => {
    const value = own(message, key);
    return typeof value === 'string' || Array.isArray(value) ? value.length > 0 : isRecord(value);
  });
}
