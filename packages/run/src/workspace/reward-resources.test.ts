import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judgeSchema, openReward, rewardSchema, type JudgeConfig } from '@touchstone/core';
import { ruleJudge, startProvider } from '@touchstone/testing';
import { expect, it, vi } from 'vitest';
import { rewardResources } from './reward-resources.js';

async function open(judge: JudgeConfig, folder: string) {
  const config = { seed: 1, judge, reward: rewardSchema.parse({}) };
  return openReward(config, await rewardResources(config, folder));
}

it('a judge asks its fallback, and another run finds the reply in the shared file', async () => {
  const asked: string[] = [];
  const { url: base_url, goDown } = await startProvider({
    respond: ruleJudge(() => ({ good: true }), { inputTokens: 10, outputTokens: 5 }),
    // Model `m` is out of credit.
    fate({ asked: { model } }) {
      asked.push(model);
      return model === 'm' ? { kind: 'error', status: 429, code: 'insufficient_quota' } : { kind: 'reply' };
    },
  });
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
  await goDown();
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
