import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchema, type TrainingJob } from '@touchstone/run';
import type { Task } from '@touchstone/spec';

export const configOf = (training: object = {}, more: { policy?: object; abstention?: object } = {}) =>
  configSchema.parse({
    policy: { model: 'local:model', max_tokens: 6, ...more.policy },
    data: { train: 't.jsonl', eval: 'e.jsonl' },
    judge: { kind: 'code', module: './judge.mjs' },
    reward: { abstention: more.abstention ?? {} },
    training: { backend: 'openrlhf', ...training },
  });

/** Five tasks, one of them with text that is awkward to carry. */
const TASKS = ['a', 'b', 'c', 'd', 'é "quoted"\n'].map((id): Task => ({
  id,
  messages: [
    { role: 'system', content: 'Answer in a word.' },
    { role: 'user', content: `Say ${id}.` },
  ],
  reference: `the reference of ${id}`,
  metadata: { document: 'D' },
  truth: 'never sent',
}));

/** What of a job a plan is made of, in a folder of its own; the tasks are asked about in turn, each word of a prompt is a token. */
export function jobOf(config: ReturnType<typeof configOf>): TrainingJob {
  const per = config.training.prompts_per_step;
  const encodeChat = (messages: Task['messages']): number[] =>
    messages.flatMap(({ content }) => content.split(' ').map((word) => word.length));
  return {
    run: 'r1',
    folder: mkdtempSync(join(tmpdir(), 'touchstone-openrlhf-')),
    certificate: null,
    adamw: { beta1: 0.9, beta2: 0.98, epsilon: 1e-8 },
    tasksOf: (step: number) =>
      Array.from({ length: per }, (_, i) => TASKS[((step - 1) * per + i) % TASKS.length]!),
    workspace: {
      config,
      data: { train: TASKS },
      policy: { folder: '/policy', tokenizer: { encodeChat }, model: { config: { eosTokens: [2, 7] } } },
    },
  } as unknown as TrainingJob;
}
