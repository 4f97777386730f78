import type { RewardFunction } from '@touchstone/core';
import { configSchema, type TrainingJob } from '@touchstone/run';
import { NO_USAGE, type Reward, type Rollout, type Task } from '@touchstone/spec';

/** Two tasks a step, two answers a task, two steps: as the fixtures of this folder have them. */
export const configOf = (training: object = {}, more: object = {}) =>
  configSchema.parse({
    policy: { model: 'local:model', max_tokens: 8 },
    data: { train: 't.jsonl', eval: 'e.jsonl' },
    judge: { kind: 'code', module: './judge.mjs' },
    training: {
      backend: 'verl',
      ray: { address: 'http://127.0.0.1:8265' },
      steps: 2,
      prompts_per_step: 2,
      group_size: 2,
      ...training,
    },
    ...more,
  });

/** What of a job the parts here look at. @param tasks of the steps, one after the other. */
export function jobOf(
  config: ReturnType<typeof configOf>,
  tasks: readonly string[] = ['a', 'b', 'c', 'd'],
  score: (rollout: Rollout) => number | null = () => 1,
): TrainingJob {
  const { prompts_per_step: size } = config.training;
  const taskOf = (id: string): Task => ({
    id,
    messages: [{ role: 'user', content: `ask ${id}` }],
    reference: 'kept here',
    metadata: {},
    truth: 'the secret',
  });
  const rewardOf = (rollout: Rollout): Reward => {
    const given = score(rollout);
    const rest = { components: [], verdicts: [], usage: NO_USAGE };
    return given === null
      ? { status: 'abstained', reason: 'timeout', detail: 'late', ...rest }
      : { status: 'scored', score: given, ...rest };
  };
  return {
    run: 'r1',
    folder: '/run/verl',
    certificate: null,
    adamw: { beta1: 0.9, beta2: 0.98, epsilon: 1e-8 },
    alarm: () => {},
    tasksOf: (step: number) => tasks.slice((step - 1) * size, step * size).map(taskOf),
    reward: {
      score: async (rollouts, { onDone } = {}) => {
        const rewards = rollouts.map(rewardOf);
        rewards.forEach((reward, i) => onDone?.(reward, i));
        return rewards;
      },
    } satisfies RewardFunction,
    workspace: {
      config,
      data: { train: [...new Set(tasks)].map(taskOf) },
      policy: {
        folder: '/policy',
        model: { config: { eosTokens: [2, 7] } },
        tokenizer: { encodeChat: ([turn]: { content: string }[]) => [...turn!.content].map((_, i) => i) },
      },
    },
  } as unknown as TrainingJob;
}
