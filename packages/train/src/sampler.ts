import { random, type Task } from '@touchstone/spec';
import type { Policy, PolicyRollout } from './policy.js';
import type { SamplingOptions, TrainingOptions } from './schema.js';

/** The tasks of a step (1-based): a seeded shuffle of all tasks, epoch after epoch. */
export function tasksOfStep(tasks: readonly Task[], step: number, perStep: number, seed: number): Task[] {
  const shuffled = new Map<number, Task[]>();
  return Array.from({ length: perStep }, (_, i) => {
    const n = (step - 1) * perStep + i;
    const epoch = Math.floor(n / tasks.length);
    if (!shuffled.has(epoch)) shuffled.set(epoch, random(seed, 'epoch', epoch).shuffle(tasks));
    return shuffled.get(epoch)![n % tasks.length]!;
  });
}

/** The tasks that a step does not have, each once, in an order of the step's own: those that may be drawn for in place of others. */
export function furtherTasks(tasks: readonly Task[], step: number, perStep: number, seed: number): Task[] {
  const own = new Set(tasksOfStep(tasks, step, perStep, seed).map(({ id }) => id));
  return random(seed, 'further', step).shuffle(tasks.filter(({ id }) => !own.has(id)));
}

/**
 * Samples a group of answers to each task of a step. The same weights, step and seed give the same answers.
 * @returns rollouts_P_G
 */
export async function sampleGroups(
  policy: Policy,
  tasks: readonly Task[],
  step: number,
  { prompts_per_step, group_size }: Pick<TrainingOptions, 'prompts_per_step' | 'group_size'>,
  sampling: SamplingOptions,
  seed: number,
): Promise<PolicyRollout[][]> {
  const chosen = tasksOfStep(tasks, step, prompts_per_step, seed);
  const rollouts_PG = await policy.sample(chosen, sampling, {
    samples: group_size,
    seed,
    name: `rft@${step}`,
  });
  return chosen.map((_, p) => rollouts_PG.slice(p * group_size, (p + 1) * group_size));
}
