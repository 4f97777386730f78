import type { Config } from '@touchstone/run';

/** OpenRLHF's names of figures that a step has by ours. */
const OURS: Readonly<Record<string, string>> = {
  policy_loss: 'loss',
  actor_grad_norm: 'grad_norm',
  kl: 'kl',
  entropy_loss: 'entropy',
  ppo_clip_ratio: 'clip_fraction',
};

/** What Touchstone computes itself from the same answers, and what only counts. */
const LEFT_OUT = new Set([
  'reward',
  'score',
  'return',
  'group_reward_std',
  'response_length',
  'total_length',
  'truncated',
  'response_clip_ratio',
  'rollout/reward_mean',
  'rollout/reward_std',
  'rollout/response_length_mean',
  'rollout/truncated_rate',
  'rollout/num_samples',
]);
/** How long its parts took is in its log: a step that is made again takes another time. */
const TIMING = 'timing/';

/** Without a KL term OpenRLHF has no model to measure it to, and logs 0. */
const OF_KL = new Set(['kl', 'logprobs_diff']);

/** Figures that OpenRLHF has logged of a step, by our names; those that we have no name for with `openrlhf/` in front. */
export function learnedOf(
  logged: Readonly<Record<string, number | null>>,
  { training }: Config,
): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(logged)
      .filter(([name]) => !LEFT_OUT.has(name) && !name.startsWith(TIMING))
      .filter(([name]) => hasKl(training) || !OF_KL.has(name))
      .map(([name, value]) => [OURS[name] ?? `openrlhf/${name}`, value]),
  );
}

const hasKl = (training: Config['training']): boolean =>
  'kl_coefficient' in training && training.kl_coefficient > 0;
