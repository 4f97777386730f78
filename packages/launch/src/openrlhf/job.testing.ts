import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RewardFunction } from '@touchstone/core';
import { configSchema, type TrainingJob } from '@touchstone/run';
import type { Task } from '@touchstone/spec';
import { ADAMW_DEFAULTS } from '@touchstone/engine';
import { Policy } from '@touchstone/train';

const POLICY = fileURLToPath(new URL('../../../../examples/quickstart/models/policy', import.meta.url));

export const configOf = (training: object = {}, more: { policy?: object; abstention?: object } = {}) =>
  configSchema.parse({
    policy: { model: 'local:model', max_tokens: 6, ...more.policy },
    data: { train: 't.jsonl', eval: 'e.jsonl' },
    judge: { kind: 'code', module: './judge.mjs' },
    reward: { abstention: more.abstention ?? {} },
    training: { backend: 'openrlhf', ...training },
  });

/** Five tasks, one of them with text that is awkward to carry. */
const TASKS = ['a', 'b', 'c', 'd', 'é "quoted"\n'].map(
  (id): Task => ({
    id,
    messages: [
      { role: 'system', content: 'Answer in a word.' },
      { role: 'user', content: `Say ${id}.` },
    ],
    reference: `the reference of ${id}`,
    metadata: { document: 'D' },
    truth: 'never sent',
  }),
);

/** A job in a folder of its own, on the policy of the quickstart; its tasks are asked about in turn. */
export async function jobOf(config: ReturnType<typeof configOf>, reward: RewardFunction): Promise<TrainingJob> {
  const per = config.training.prompts_per_step;
  const { beta1, beta2, epsilon } = ADAMW_DEFAULTS;
  return {
    run: 'r1',
    folder: mkdtempSync(join(tmpdir(), 'touchstone-openrlhf-')),
    adamw: { beta1, beta2, epsilon },
    tasksOf: (step) => Array.from({ length: per }, (_, i) => TASKS[((step - 1) * per + i) % TASKS.length]!),
    workspace: { config, data: { train: TASKS }, policy: await Policy.load(POLICY) },
    reward,
  } as unknown as TrainingJob;
}
