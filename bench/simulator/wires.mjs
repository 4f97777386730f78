import { chooseByRule, spoil, writeReply } from './rule-judge.mjs';

/** Characters a token has, as providers' own rule of thumb for English has it. */
const CHARACTERS_PER_TOKEN = 4;
const tokensOf = (text) => Math.ceil(text.length / CHARACTERS_PER_TOKEN);

/**
 * OpenAI's chat completions and Amazon Bedrock's Converse, each as: is this request for me, what does it ask, and what
 * is a reply or an error.
 */
const openai = {
  matches: (path) => path.endsWith('/chat/completions'),
  read: (body) => ({
    prompt: body.messages.map(({ content }) => textOf(content)).join('\n'),
    maxTokens: body.max_completion_tokens ?? body.max_tokens ?? 1024,
    tool: body.tools?.[0]?.function?.name,
  }),
  write: ({ text, finish, tool, inputTokens, outputTokens }) => ({
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
  fail: (status) => ({
    body: {
      error: {
        message: status === 429 ? 'Rate limit reached' : 'The simulator fails on purpose',
        type: status === 429 ? 'rate_limit_exceeded' : 'server_error',
        param: null,
        code: null,
      },
    },
    headers: {},
  }),
};

const converse = {
  matches: (path) => /^\/model\/[^/]+\/converse$/.test(path),
  read: (body) => ({
    prompt: [...(body.system ?? []), ...body.messages.flatMap(({ content }) => content)]
      .map(({ text }) => text ?? '')
      .join('\n'),
    maxTokens: body.inferenceConfig?.maxTokens ?? 1024,
    // Structured output on this wire may be a tool that the model is made to call.
    tool: body.toolConfig?.tools?.[0]?.toolSpec?.name,
  }),
  write: ({ text, finish, tool, inputTokens, outputTokens }) => ({
    metrics: { latencyMs: 1 },
    output: {
      message: {
        role: 'assistant',
        content: [
          tool === undefined || finish !== 'stop'
            ? { text }
            : { toolUse: { toolUseId: 'call-1', name: tool, input: JSON.parse(text) } },
        ],
      },
    },
    stopReason: finish === 'length' ? 'max_tokens' : tool === undefined ? 'end_turn' : 'tool_use',
    usage: { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens },
  }),
  fail: (status) => ({
    body: { message: status === 429 ? 'Too many requests' : 'The simulator fails on purpose' },
    headers: { 'x-amzn-errortype': status === 429 ? 'ThrottlingException' : 'InternalServerException' },
  }),
};

/** The wire that answers `path`, or undefined. */
export function wireOf(path) {
  return [openai, converse].find((wire) => wire.matches(path));
}

/** Tokens that a call reserves when it starts. */
export function reservedTokens({ prompt, maxTokens }) {
  return tokensOf(prompt) + maxTokens;
}

/** The verdict on the wire, spoilt if its fate is to be malformed. */
export function composeReply(wire, asked, verdict, fate) {
  const whole =
    asked.tool === 'select_choice'
      ? JSON.stringify({ reasons: 'By the rule.', choice: chooseByRule(verdict) })
      : writeReply(asked.prompt, verdict);
  const { text, finish } =
    fate.kind === 'malformed' ? spoil(whole, fate.variant) : { text: whole, finish: 'stop' };
  const outputTokens = Math.min(tokensOf(text), asked.maxTokens);
  return {
    outputTokens,
    body: wire.write({ text, finish, tool: asked.tool, inputTokens: tokensOf(asked.prompt), outputTokens }),
  };
}

function textOf(content) {
  return typeof content === 'string' ? content : content.map((part) => part.text ?? '').join('');
}
