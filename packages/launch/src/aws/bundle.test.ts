import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { ruleJudge, startProvider, type ProviderServer } from '@touchstone/testing';
import { configSchema } from '@touchstone/run';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBundle } from './bundle.js';
import { runZip } from './run-zip.js';

/** Every criterion holds, and a prompt of the user's own is answered with a number. */
const yes = ruleJudge(() => ({ A: true }));
let provider: ProviderServer;
beforeAll(async () => {
  provider = await startProvider({
    respond: (asked) => (asked.request.messages.at(-1)?.content === 'q' ? { text: '1' } : yes(asked)),
  });
});
afterAll(() => provider.goDown());

const event = [
  {
    id: 'a',
    messages: [
      { role: 'user', content: 'q' },
      { role: 'assistant', content: 'an answer' },
    ],
  },
];

/** What a bundle of this judge answers in a process of its own, and what it logs. */
async function invoke(judge: object, env: Record<string, string> = {}) {
  const config = configSchema.parse({
    name: 'Bundled',
    policy: { model: 'local:p' },
    data: { train: 't', eval: 'e' },
    judge,
  });
  const { zip } = await makeBundle({ config, baseDir: '.' });
  let log = '';
  const onLog = (text: string): void => void (log += text);
  const { result } = await runZip(zip, 'function.zip', event, { timeoutSeconds: 30, env, onLog });
  return { result: result as { id: string; aggregate_reward_score: number }[], log };
}
const model = () => ({ model: 'openai-compatible:m', base_url: provider.url });
const rubric = (more: object = {}) => ({
  kind: 'rubric',
  ...model(),
  objective: 'o',
  criteria: [{ name: 'A', question: 'q' }],
  ...more,
});

describe('a bundle', () => {
  it.each([
    ['rubric', () => rubric()],
    ['group', () => rubric({ kind: 'group' })],
    ['score-model', () => ({ kind: 'score-model', ...model(), messages: [{ role: 'user', content: 'q' }] })],
    ['panel', () => ({ kind: 'panel', members: { one: rubric(), two: rubric({ objective: 'p' }) } })],
    ['cascade', () => ({ kind: 'cascade', first: rubric(), second: rubric({ kind: 'group' }) })],
  ])('opens a judge of kind %s, and scores with it', async (_, judge) => {
    const { result, log } = await invoke(judge());
    expect(result, log).toMatchObject([{ id: 'a', aggregate_reward_score: 1 }]);
  });

  const redis = ['redis-server', 'valkey-server'].find(
    (name) => spawnSync(name, ['--version']).error === undefined,
  );
  it.skipIf(redis === undefined)(
    `finds in Redis what another instance paid for${redis ? '' : ' (skipped: neither redis-server nor valkey-server is installed)'}`,
    async () => {
      const free = createServer().listen(0, '127.0.0.1');
      await once(free, 'listening');
      const { port } = free.address() as AddressInfo;
      free.close();
      const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
      const server = spawn(redis!, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      try {
        for await (const chunk of server.stdout) {
          if (String(chunk).includes('eady to accept connections')) break;
        }
        const judge = rubric({ objective: 'shared', cache: { redis_env: 'MY_REDIS' } });
        const { counts } = provider.provider.ledger;
        const before = counts.admitted;
        const paid = await invoke(judge, { MY_REDIS: `redis://127.0.0.1:${port}` });
        const known = await invoke(judge, { MY_REDIS: `redis://127.0.0.1:${port}` });
        expect(counts.admitted - before).toBe(1);
        expect(known.result, known.log).toEqual(paid.result);
        await expect(invoke(judge)).rejects.toThrow('MY_REDIS, which is not set');
      } finally {
        server.kill('SIGKILL');
      }
    },
  );
});
