import type { RewardConfig, RewardFunction } from '@touchstone/core';
import type { Task } from '@touchstone/spec';
import { hasZeroVariance } from './algorithms/parts/contrast.js';
import type { Policy } from './policy.js';
import { furtherTasks } from './sampler.js';
import type { SamplingOptions, TrainingOptions } from './schema.js';
import { scoreGroups, stopOnAbstentions, type ScoredGroup } from './scorer.js';

/** How the groups of a step are drawn and judged. */
interface Drawing {
  tasks: readonly Task[];
  reward: RewardFunction;
  training: Pick<TrainingOptions, 'prompts_per_step' | 'group_size'>;
  sampling: SamplingOptions;
  abstention: RewardConfig['abstention'];
  seed: number;
}

/**
 * Groups of further tasks in place of those whose rewards are all equal, which teach nothing; they are drawn for `tries` times at most, and
 * a place for which none has contrast by then keeps its group (dynamic sampling, DAPO, arXiv 2503.14476). What is drawn depends on
 * the weights, the seed and the step alone, so that a killed step is made again as it was.
 *
 * @param own the step's groups
 * @returns as many groups, and how many were drawn beyond them.
 * @throws {RunError} when more than the declared share of all answers of the step could not be judged.
 */
export async function withContrast(
  own: readonly ScoredGroup[],
  policy: Policy,
  { tasks, reward, training, sampling, abstention, seed }: Drawing,
  step: number,
  tries: number,
): Promise<{ groups: ScoredGroup[]; redrawn: number }> {
  const { prompts_per_step, group_size: samples } = training;
  const groups = [...own];
  const beyond: ScoredGroup[][] = [];
  const further = furtherTasks(tasks, step, prompts_per_step, seed);
  for (let i = 1; i <= tries; i++) {
    const places = groups.flatMap(({ scores_G }, p) => (hasZeroVariance(scores_G) ? [p] : []));
    const taken = further.splice(0, places.length);
    if (taken.length === 0) break;
    const drawn = await policy.sample(taken, sampling, { samples, seed, name: `rft@${step}.${i}` });
    const rollouts_P_G = taken.map((_, p) => drawn.slice(p * samples, (p + 1) * samples));
    // The limit is one of the whole step: of few answers, one is soon too many.
    beyond.push(await scoreGroups(reward, rollouts_P_G, { ...abstention, limit: 1 }, step));
    const rewards = [...own, ...beyond.flat()].flatMap(({ rewards_G }) => rewards_G);
    stopOnAbstentions(rewards, abstention.limit, `step ${step}`);
    const useful = beyond.at(-1)!.filter(({ scores_G }) => !hasZeroVariance(scores_G));
    for (const [j, group] of useful.entries()) groups[places[j]!] = group;
  }
  return { groups, redrawn: beyond.flat().length };
}
