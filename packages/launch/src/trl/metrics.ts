/** TRL's names of figures that a step has by ours. */
const OURS: Readonly<Record<string, string>> = {
  loss: 'loss',
  grad_norm: 'grad_norm',
  kl: 'kl',
  entropy: 'entropy',
  'clip_ratio/region_mean': 'clip_fraction',
};

/** What Touchstone computes itself from the same answers, and what only counts. */
const LEFT_OUT = new Set([
  'reward',
  'reward_std',
  'rewards/touchstone/mean',
  'rewards/touchstone/std',
  'frac_reward_zero_std',
  'completions/mean_length',
  'epoch',
  'num_tokens',
  'step_time',
]);

/** Figures that TRL has logged of a step, by our names; those that we have no name for with `trl/` in front. */
export function learnedOf(logged: Readonly<Record<string, number | null>>): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(logged)
      .filter(([name]) => !LEFT_OUT.has(name))
      .map(([name, value]) => [OURS[name] ?? `trl/${name}`, value]),
  );
}
