import type { ModelReply, ModelRequest } from '@touchstone/spec';

/** One question as it reached the provider, on whatever wire. */
export interface Asked {
  request: ModelRequest;
  /** All messages, joined by line breaks. */
  prompt: string;
  /** The name of the model on the wire. */
  model: string;
  /** The tool that the model is made to call: some clients ask for structured output that way. */
  tool?: string | undefined;
  /** The header of that name. */
  authorization?: string | undefined;
}

/** What the model writes; what is not said is `stop`, and tokens by the length of the texts. */
export type Reply = Pick<ModelReply, 'text'> & Partial<ModelReply>;

/** The model behind the provider. */
export type Respond = (asked: Asked) => Reply | string | Promise<Reply | string>;

/** The last message: what a judge is asked, without its instructions. */
export const userTextOf = ({ request }: Asked): string => request.messages.at(-1)?.content ?? '';

/** Characters a token has, as providers' own rule of thumb for English has it. */
const CHARACTERS_PER_TOKEN = 4;
export const tokensOf = (text: string): number => Math.ceil(text.length / CHARACTERS_PER_TOKEN);

export function askedOf(request: ModelRequest, more: Omit<Asked, 'request' | 'prompt'>): Asked {
  return { request, prompt: request.messages.map(({ content }) => content).join('\n'), ...more };
}

/** The reply in full; it never has more tokens than it may. */
export function completeReply(reply: Reply | string, { prompt, request }: Asked): ModelReply {
  const given = typeof reply === 'string' ? { text: reply } : reply;
  return {
    finish: 'stop',
    inputTokens: tokensOf(prompt),
    outputTokens: Math.min(tokensOf(given.text), request.maxOutputTokens),
    ...given,
  };
}
