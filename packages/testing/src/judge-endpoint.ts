import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LanguageModel } from '@touchstone/spec';

export interface JudgeEndpoint {
  /** Address for `base_url`. */
  url: string;
  /** Bodies of the requests that were answered in full, in order. */
  answered: string[];
  /** Looks at each request before it is answered: `true` means that it has been dealt with. */
  intercept: (body: string, response: ServerResponse) => boolean;
  close(): Promise<void>;
}

/** A real OpenAI-compatible endpoint on loopback: `model` answers over real HTTP. */
export async function startJudgeEndpoint(model: LanguageModel, port = 0): Promise<JudgeEndpoint> {
  const endpoint: JudgeEndpoint = {
    url: '',
    answered: [],
    intercept: () => false,
    close: () => Promise.resolve(),
  };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString();
      if (endpoint.intercept(body, response)) return;
      void answer(body, response);
    });
  });

  async function answer(body: string, response: ServerResponse): Promise<void> {
    const asked = JSON.parse(body) as {
      messages: { role: 'user' | 'system'; content: string }[];
      max_tokens: number;
      temperature: number;
      seed?: number;
    };
    const reply = await model.generate({
      messages: asked.messages,
      maxOutputTokens: asked.max_tokens,
      temperature: asked.temperature,
      seed: asked.seed ?? 0,
    });
    const completion = {
      id: 'completion',
      object: 'chat.completion',
      created: 1,
      model: 'tiny-judge',
      choices: [
        { index: 0, message: { role: 'assistant', content: reply.text }, finish_reason: reply.finish },
      ],
      usage: {
        prompt_tokens: reply.inputTokens,
        completion_tokens: reply.outputTokens,
        total_tokens: reply.inputTokens + reply.outputTokens,
      },
    };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(completion), () => endpoint.answered.push(body));
  }

  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  endpoint.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  endpoint.close = () =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return endpoint;
}
