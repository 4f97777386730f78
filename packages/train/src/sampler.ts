import { random, type Task } from '@touchstone/spec';
import type { DrawnStep } from './asynchronous/ahead.js';
import type { StoredStep } from './checkpoint.js';
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

type Sizes = Pick<TrainingOptions, 'prompts_per_step' | 'group_size'>;

/** What the answers of a step are called, whatever weights draw them; with the seed it decides what is drawn. */
const nameOf = (step: number): string => `rft@${step}`;
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
  { prompts_per_step, group_size }: Sizes,
  sampling: SamplingOptions,
  seed: number,
): Promise<PolicyRollout[][]> {
  const chosen = tasksOfStep(tasks, step, prompts_per_step, seed);
  const draws = { samples: group_size, seed, name: nameOf(step) };
  return inGroups(await policy.sample(chosen, sampling, draws), group_size);
}

/** What `restoreStep` needs of a step. */
export const storedStep = ({ step, version, rollouts_P_G }: DrawnStep): StoredStep => ({
  step,
  version,
  answers_PG: rollouts_P_G
    .flat()
    .map(({ tokens, logprobs, rollout: { finish } }) => ({ tokens, logprobs, finish })),
});

/** A step that an earlier process has drawn, as `sampleGroups` gave it. */
export function restoreStep(
  policy: Policy,
  tasks: readonly Task[],
  { step, version, answers_PG }: StoredStep,
  { prompts_per_step, group_size }: Sizes,
  seed: number,
): DrawnStep {
  const chosen = tasksOfStep(tasks, step, prompts_per_step, seed);
  const rollouts_PG = policy.rolloutsOf(chosen, answers_PG, { samples: group_size, name: nameOf(step) });
  return { step, version, rollouts_P_G: inGroups(rollouts_PG, group_size) };
}

const inGroups = (rollouts_PG: readonly PolicyRollout[], size: number): PolicyRollout[][] =>
  Array.from({ length: rollouts_PG.length / size }, (_, p) => rollouts_PG.slice(p * size, (p + 1) * size));
