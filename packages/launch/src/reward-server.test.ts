import { sha256 } from '@touchstone/store';
import { expect, it } from 'vitest';
import { LOOPBACK, resumeRewards, startRewards } from './reward-server.js';

const NEVER = new Promise<never>(() => {});

it.each([
  ['is being judged', 1],
  ['waits for its group', 2],
])('an answer that %s when the command ends has no reply: it is asked about again', async (_, groupSize) => {
  let asked!: () => void;
  const isAsked = new Promise<void>((resolve) => (asked = resolve));
  const reward = { score: () => (asked(), NEVER) };
  const server = await startRewards({ reward }, LOOPBACK, { groupSize, groupWaitMs: 60_000 });
  const reply = fetch(`${server.url}/v1/rewards`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      rollouts: [{ task: { messages: [{ role: 'user', content: 'q' }] }, response: 'a', group: 'g' }],
      deadline_ms: 3_600_000,
    }),
  }).then(
    async (response) => `${response.status} ${await response.text()}`,
    () => 'cut off',
  );
  await (groupSize === 1 ? isAsked : new Promise((resolve) => setTimeout(resolve, 300)));
  await server.close();
  expect(await reply).toBe('cut off');
  const known = { host: server.host, port: server.port, key_hash: sha256(server.key) };
  const next = await resumeRewards({ reward }, LOOPBACK, known, 'the test');
  expect(next.url).toBe(server.url);
  await next.close();
});
