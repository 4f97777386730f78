import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judgeSchema, openReward, rewardSchema, type JudgeConfig } from '@touchstone/core';
import { expect, it, vi } from 'vitest';
import { rewardResources } from './reward-resources.js';

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

async function open(judge: JudgeConfig, folder: string) {
  const config = { seed: 1, judge, reward: rewardSchema.parse({}) };
  return openReward(config, await rewardResources(config, folder));
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
    const { judge } = await open(config, folder);
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
  const judge = (more: object): JudgeConfig =>
    judgeSchema.parse({
      model: 'openai-compatible:m',
      base_url: 'http://127.0.0.1:1/v1',
      objective: 'Is it good?',
      criteria: [{ name: 'good', question: 'Is it good?' }],
      ...more,
    });
  const withRedis = judge({ cache: { redis_env: 'MY_REDIS' } });
  await expect(open(withRedis, '.')).rejects.toThrow(/MY_REDIS, which is not set/);
  vi.stubEnv('MY_REDIS', 'http://:hunter2@h');
  await expect(open(withRedis, '.')).rejects.toThrow(/expected redis:(?!.*hunter2)/);
  vi.unstubAllEnvs();
  await expect(open(judge({ budget: { money: 1 } }), '.')).rejects.toThrow(/price of openai-compatible:m/);
});
