import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReplyCache, judgeSchema } from '@touchstone/core';
import { expect, it, vi } from 'vitest';
import { openSharedCache } from './shared-cache.js';
import { openJudge } from './open-judge.js';

/** A server whose model `m` is out of credit and whose other models answer what was asked for. */
async function startServer() {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { model, messages } = JSON.parse(body) as { model: string; messages: { content: string }[] };
      asked.push(model);
      response.setHeader('content-type', 'application/json');
      if (model === 'm') {
        response.statusCode = 429;
        return response.end(JSON.stringify({ error: { message: 'no', code: 'insufficient_quota' } }));
      }
      const id = /reply id is (\w+)/.exec(messages.at(-1)!.content)![1];
      const verdicts = [{ criterion: 'good', evidence: '', reason: '', score: true }];
      const content = JSON.stringify({ id, verdicts });
      return response.end(
        JSON.stringify({
          id: 'c',
          object: 'chat.completion',
          created: 1,
          model,
          choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
          usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
        }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { asked, server, base_url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` };
}

it('a judge asks its fallback, and another run finds the reply in the shared file', async () => {
  const { asked, server, base_url } = await startServer();
  const folder = mkdtempSync(join(tmpdir(), 'shared-'));
  const config = judgeSchema.parse({
    model: 'openai-compatible:m',
    base_url,
    objective: 'Is it good?',
    criteria: [{ name: 'good', question: 'Is it good?' }],
    fallbacks: [{ model: 'openai-compatible:second', base_url }],
    cache: { sqlite: 'replies.db' },
  });
  const task = {
    id: 't',
    messages: [{ role: 'user' as const, content: 'q' }],
    reference: null,
    metadata: {},
  };
  const runOnce = async () => {
    const judge = await openJudge(config, 1, folder, createReplyCache());
    const [judgement] = await judge.judge([{ id: 'r', task, response: 'an answer' }]);
    return judgement!;
  };
  const first = await runOnce();
  expect(asked).toEqual(['m', 'second']);
  expect(first.answer).toEqual({ status: 'scored', score: 1 });
  expect(first.usage).toMatchObject({ calls: 1, inputTokens: 10 });
  const second = await runOnce();
  expect(asked).toHaveLength(2);
  expect(second.usage).toMatchObject({ calls: 0, saved: 1 });
  expect(second.verdicts).toEqual(first.verdicts);
  server.close();
});

it('names the variable that should hold the address, and a budget that cannot be counted', async () => {
  expect(() => openSharedCache({ redis_env: 'MY_REDIS' }, '.')).toThrow(/MY_REDIS, which is not set/);
  vi.stubEnv('MY_REDIS', 'http://:hunter2@h');
  expect(() => openSharedCache({ redis_env: 'MY_REDIS' }, '.')).toThrow(/expected redis:(?!.*hunter2)/);
  vi.unstubAllEnvs();
  const config = judgeSchema.parse({
    model: 'openai-compatible:m',
    base_url: 'http://127.0.0.1:1/v1',
    objective: 'Is it good?',
    criteria: [{ name: 'good', question: 'Is it good?' }],
    budget: { money: 1 },
  });
  await expect(openJudge(config, 1, '.', createReplyCache())).rejects.toThrow(/price of openai-compatible:m/);
});
