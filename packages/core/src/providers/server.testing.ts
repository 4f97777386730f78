import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ModelRequest } from '@touchstone/spec';
import { onTestFinished } from 'vitest';

/** A real HTTP server on loopback, closed with the test. */
export async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface SeenCall {
  path: string;
  headers: IncomingHttpHeaders;
  body: Record<string, unknown>;
}

/** A server that gives `status` and `reply` to every call, and remembers the calls. */
export async function canned(status: number, reply: unknown, headers: Record<string, string> = {}) {
  const calls: SeenCall[] = [];
  const url = await listen((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const body = JSON.parse(text) as SeenCall['body'];
      calls.push({ path: request.url ?? '', headers: request.headers, body });
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(typeof reply === 'string' ? reply : JSON.stringify(reply));
    });
  });
  return { url, calls };
}

export const request: ModelRequest = {
  messages: [
    { role: 'system', content: 'Judge.' },
    { role: 'user', content: 'Is it so?' },
  ],
  maxOutputTokens: 64,
  temperature: 0,
  seed: 7,
  schema: {
    type: 'object',
    properties: { ok: { type: 'boolean' } },
    required: ['ok'],
    additionalProperties: false,
  },
};

/** A chat completion as OpenAI-compatible servers send it. */
export const completion = (message: object, finish = 'stop') => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_700_000_000,
  model: 'm-2025-01-01',
  choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: finish, logprobs: null }],
  usage: { prompt_tokens: 11, completion_tokens: 5, total_tokens: 16 },
});
