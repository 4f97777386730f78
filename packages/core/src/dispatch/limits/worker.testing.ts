/*
 * A process that rewards: `node worker.testing.js '{"judge":{…}}'`. Each line that comes is `{"id":…,"response":…}`, each
 * line that it says `{"id":…,"score":…}`, in whatever order they are judged, and first `{}` when it is ready.
 */
import { createInterface } from 'node:readline';
import { judgeSchema } from '../../judge/kinds.js';
import { openReward } from '../../reward/open-reward.js';
import { rewardSchema } from '../../reward/schema.js';

const { judge } = JSON.parse(process.argv[2]!) as { judge: object };
const config = { seed: 1, judge: judgeSchema.parse(judge), reward: rewardSchema.parse({}) };
const { reward } = await openReward(config, { baseDir: process.cwd() });
const say = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
say({});
createInterface(process.stdin).on('line', (line) => {
  const { id, response } = JSON.parse(line) as { id: string; response: string };
  const messages = [{ role: 'user' as const, content: 'q' }];
  const rollout = { id, response, finish: 'stop', group: id, policy: 'base' } as const;
  const task = { id: 't', messages, reference: null, metadata: {} };
  void reward.score([{ ...rollout, task }]).then(([one]) => {
    say({ id, score: one?.status === 'scored' ? one.score : null });
  });
});
