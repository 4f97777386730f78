import type { Message, ModelReply } from '@touchstone/spec';
import { askedOf, type Asked } from './asked.js';

/** How a kind of API carries a question, a reply and a failure. */
export interface Wire {
  matches(path: string): boolean;
  read(body: never, path: string, authorization: string | undefined): Asked;
  write(reply: ModelReply, tool: string | undefined): unknown;
  fail(failure: { status: number; code?: string; message?: string }): {
    body: unknown;
    headers: Record<string, string>;
  };
}

const DEFAULT_MAX_TOKENS = 1024;
type Text = string | { text?: string }[];
const textOf = (content: Text): string =>
  typeof content === 'string' ? content : content.map((part) => part.text ?? '').join('');
const messageOf = ({ status, message }: { status: number; message?: string }): string =>
  message ?? (status === 429 ? 'Rate limit reached' : 'The simulator fails on purpose');

interface ChatBody {
  model: string;
  messages: { role: Message['role']; content: Text }[];
  max_completion_tokens?: number;
  max_tokens?: number;
  temperature?: number;
  seed?: number;
  tools?: { function?: { name: string } }[];
}

/** OpenAI's chat completions. */
const openai: Wire = {
  matches: (path) => path.endsWith('/chat/completions'),
  read: (body: ChatBody, _path, authorization) =>
    askedOf(
      {
        messages: body.messages.map(({ role, content }) => ({ role, content: textOf(content) })),
        maxOutputTokens: body.max_completion_tokens ?? body.max_tokens ?? DEFAULT_MAX_TOKENS,
        temperature: body.temperature ?? 0,
        seed: body.seed ?? 0,
      },
      { model: body.model, tool: body.tools?.[0]?.function?.name, authorization },
    ),
  write: ({ text, finish, inputTokens, outputTokens }, tool) => ({
    id: 'chatcmpl-simulator',
    object: 'chat.completion',
    created: 1,
    model: 'simulator',
    choices: [
      {
        index: 0,
        message:
          tool === undefined
            ? { role: 'assistant', content: text }
            : {
                role: 'assistant',
                content: null,
                tool_calls: [{ id: 'call-1', type: 'function', function: { name: tool, arguments: text } }],
              },
        finish_reason: tool !== undefined && finish === 'stop' ? 'tool_calls' : finish,
      },
    ],
    usage: {
      prompt_tokens: inputTokens,
      completion_tokens: outputTokens,
      total_tokens: inputTokens + outputTokens,
    },
  }),
  fail: (failure) => ({
    body: {
      error: {
        message: messageOf(failure),
        type: failure.status === 429 ? 'rate_limit_exceeded' : 'server_error',
        param: null,
        code: failure.code ?? null,
      },
    },
    headers: {},
  }),
};

interface ConverseBody {
  system?: { text?: string }[];
  messages: { role: Message['role']; content: { text?: string }[] }[];
  inferenceConfig?: { maxTokens?: number; temperature?: number };
  toolConfig?: { tools?: { toolSpec?: { name: string } }[] };
}

/** Amazon Bedrock's Converse. */
const converse: Wire = {
  matches: (path) => /^\/model\/.+\/converse$/.test(path),
  read: (body: ConverseBody, path, authorization) =>
    askedOf(
      {
        messages: [
          ...(body.system ?? []).map(({ text = '' }) => ({ role: 'system' as const, content: text })),
          ...body.messages.flatMap(({ role, content }) =>
            content.map(({ text = '' }) => ({ role, content: text })),
          ),
        ],
        maxOutputTokens: body.inferenceConfig?.maxTokens ?? DEFAULT_MAX_TOKENS,
        temperature: body.inferenceConfig?.temperature ?? 0,
        seed: 0,
      },
      // Structured output on this wire may be a tool that the model is made to call.
      {
        model: path.slice('/model/'.length, -'/converse'.length),
        tool: body.toolConfig?.tools?.[0]?.toolSpec?.name,
        authorization,
      },
    ),
  write: ({ text, finish, inputTokens, outputTokens }, tool) => ({
    metrics: { latencyMs: 1 },
    output: {
      message: {
        role: 'assistant',
        content: [
          tool === undefined || finish !== 'stop'
            ? { text }
            : { toolUse: { toolUseId: 'call-1', name: tool, input: JSON.parse(text) as unknown } },
        ],
      },
    },
    stopReason: finish === 'length' ? 'max_tokens' : tool === undefined ? 'end_turn' : 'tool_use',
    usage: { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens },
  }),
  fail: (failure) => ({
    body: { message: failure.status === 429 && !failure.message ? 'Too many requests' : messageOf(failure) },
    headers: {
      'x-amzn-errortype': failure.status === 429 ? 'ThrottlingException' : 'InternalServerException',
    },
  }),
};

/** The wire that answers `path`. */
export function wireOf(path: string): Wire | undefined {
  return [openai, converse].find((wire) => wire.matches(path));
}
