import {
  APICallError,
  type LanguageModelV3,
  type LanguageModelV3CallOptions,
  type LanguageModelV3FinishReason,
  type LanguageModelV3GenerateResult,
} from '@ai-sdk/provider';
import { STATUS_CODES } from 'node:http';
import { plainHeaders, send, type NetworkReply } from './network.js';
import { parseJson } from './said/body.js';

export interface OpenAIChatOptions {
  /** Without `/chat/completions`. */
  baseUrl: string;
  model: string;
  apiKey: string | undefined;
  /** The server holds replies to a JSON Schema. */
  structuredOutput: boolean;
  /** What the server calls the limit of a reply. */
  maxTokensField: string;
  /** More fields of the body. */
  extraBody?: Record<string, unknown> | undefined;
}

/**
 * A model behind OpenAI's chat completions, as vLLM, Ollama, llama.cpp and many providers serve them, at the AI SDK's
 * specification level. The package for it turns each prompt into JSON twice, reads the reply through web streams and
 * checks it against a schema of everything it may hold: three times the processor time of the call itself, in the path
 * that every judge call takes (`npm run bench:reward` measures it).
 *
 * Text in, text out: tools, files and streams are for others.
 */
export function openAIChat(options: OpenAIChatOptions): Pick<LanguageModelV3, 'doGenerate'> {
  const address = new URL(options.baseUrl);
  address.pathname = `${address.pathname.replace(/\/+$/, '')}/chat/completions`;
  const url = address.href;
  const headers = {
    'content-type': 'application/json',
    ...(options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` }),
  };
  return {
    async doGenerate(call) {
      const reply = await send(url, {
        method: 'POST',
        headers,
        body: JSON.stringify(toBody(options, call)),
        signal: call.abortSignal,
      });
      if (reply.status < 200 || reply.status > 299) throw failure(url, reply);
      return readCompletion(url, reply);
    },
  };
}

function toBody(
  { model, structuredOutput, maxTokensField, extraBody }: OpenAIChatOptions,
  { prompt, maxOutputTokens, temperature, seed, responseFormat, providerOptions }: LanguageModelV3CallOptions,
): Record<string, unknown> {
  const schema = responseFormat?.type === 'json' && structuredOutput ? responseFormat.schema : undefined;
  return {
    model,
    [maxTokensField]: maxOutputTokens,
    temperature,
    seed,
    ...(schema === undefined
      ? {}
      : { response_format: { type: 'json_schema', json_schema: { name: 'reply', strict: true, schema } } }),
    ...providerOptions?.['openaiCompatible'],
    ...extraBody,
    messages: prompt.map(({ role, content }) => ({
      role,
      content:
        typeof content === 'string'
          ? content
          : content.map((part) => (part.type === 'text' ? part.text : '')).join(''),
    })),
  };
}

/** The part of a chat completion that counts. Servers leave out and add what they like: anything may be missing. */
interface Completion {
  choices?: { message?: { content?: unknown } | null; finish_reason?: unknown }[];
  usage?: {
    prompt_tokens?: unknown;
    completion_tokens?: unknown;
    prompt_tokens_details?: { cached_tokens?: unknown } | null;
  } | null;
}

function readCompletion(url: string, reply: NetworkReply): LanguageModelV3GenerateResult {
  const body = parseJson(reply.bytes.toString()) as Completion | null | undefined;
  const choice = Array.isArray(body?.choices) ? body.choices[0] : undefined;
  if (typeof choice?.message !== 'object' || choice.message === null) {
    throw failure(url, reply, 'no chat completion');
  }
  const { content } = choice.message;
  const text = textOf(content);
  const raw = typeof choice.finish_reason === 'string' ? choice.finish_reason : undefined;
  const usage = body?.usage;
  const input = count(usage?.prompt_tokens);
  const cached = count(usage?.prompt_tokens_details?.cached_tokens);
  const output = count(usage?.completion_tokens);
  return {
    content: text === '' ? [] : [{ type: 'text', text }],
    finishReason: { unified: finishOf(raw), raw },
    usage: {
      inputTokens: { total: input, noCache: undefined, cacheRead: cached, cacheWrite: undefined },
      outputTokens: { total: output, text: undefined, reasoning: undefined },
    },
    response: { body },
    warnings: [],
  };
}

/** Some servers send a list of parts for a text. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((part: { type?: unknown; text?: unknown } | null) =>
      part?.type === 'text' && typeof part.text === 'string' ? part.text : '',
    )
    .join('');
}

function finishOf(reason: string | undefined): LanguageModelV3FinishReason['unified'] {
  switch (reason) {
    case 'stop':
    case 'length':
      return reason;
    case 'content_filter':
      return 'content-filter';
    case 'tool_calls':
    case 'function_call':
      return 'tool-calls';
    default:
      return 'other';
  }
}

function count(tokens: unknown): number | undefined {
  return typeof tokens === 'number' && tokens >= 0 ? tokens : undefined;
}

/** What the server said in place of a reply; what that means is read from its body elsewhere. */
function failure(url: string, { status, headers, bytes }: NetworkReply, said?: string): APICallError {
  return new APICallError({
    message: said ?? STATUS_CODES[status] ?? `status ${status}`,
    url,
    // The prompt is left out: errors are kept longer, and shown to more people, than prompts should be.
    requestBodyValues: undefined,
    statusCode: status,
    responseHeaders: plainHeaders(headers),
    responseBody: bytes.toString(),
  });
}
