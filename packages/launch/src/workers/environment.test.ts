import type { TrainingJob } from '@touchstone/run';
import { afterEach, expect, it, vi } from 'vitest';
import { workerEnvironment } from './environment.js';

const REWARDS = { url: 'http://127.0.0.1:1', host: '127.0.0.1', key: 'k' };
const SECRETS = [
  'MY_JUDGE_KEY',
  'MY_REDIS',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_BEARER_TOKEN_BEDROCK',
  'TOUCHSTONE_SIGNING_KEY',
];
const jobOf = (training: object, ...models: string[]) => {
  const [judge, heldout] = models.map((model) => ({
    kind: 'rubric',
    model,
    api_key_env: 'MY_JUDGE_KEY',
    cache: { redis_env: 'MY_REDIS' },
    fallbacks: [],
  }));
  return { workspace: { config: { judge, heldout_judge: heldout, training } } } as unknown as TrainingJob;
};
afterEach(() => vi.unstubAllEnvs());

it('a worker of this machine has its environment without what the judges are asked with', () => {
  for (const name of SECRETS) vi.stubEnv(name, 'secret');
  vi.stubEnv('PLAIN', 'kept');
  const env = workerEnvironment(jobOf({}, 'openai-compatible:a', 'bedrock:b'), REWARDS, 60);
  expect(Object.values(env)).not.toContain('secret');
  expect(env).toMatchObject({ PLAIN: 'kept', TOUCHSTONE_REWARD_KEY: 'k' });
  // Who has no judge there may read his data with them.
  expect(workerEnvironment(jobOf({}, 'openai-compatible:a'), REWARDS, 60)).toHaveProperty(
    'AWS_ACCESS_KEY_ID',
  );
});

it('a job of a cluster has nothing of this environment', () => {
  for (const name of SECRETS) vi.stubEnv(name, 'secret');
  const env = workerEnvironment(jobOf({ ray: { address: 'http://h' } }, 'openai-compatible:a'), REWARDS, 60);
  expect(Object.keys(env).toSorted()).toEqual([
    'NO_PROXY',
    'TOUCHSTONE_REWARD_KEY',
    'TOUCHSTONE_REWARD_TIMEOUT',
    'TOUCHSTONE_REWARD_URL',
    'no_proxy',
  ]);
});
