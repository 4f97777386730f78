/** AWS's names of figures that a step has by ours: of a training job and of Bedrock's table, and of HyperPod's log. */
const OURS: Readonly<Record<string, string>> = {
  'critic/rewards/mean': 'reward',
  train_reward_mean: 'reward',
  train_rm_score: 'reward',
  'actor/entropy': 'entropy',
  policy_entropy: 'entropy',
  ent: 'entropy',
  'actor/pg_loss': 'loss',
  reduced_train_loss: 'loss',
  'actor/pg_clipfrac': 'clip_fraction',
  clipfrac: 'clip_fraction',
  'actor/grad_norm': 'grad_norm',
  kl: 'kl',
  'actor/kl_loss': 'kl',
  'response_length/mean': 'response_tokens',
  completion_length: 'response_tokens',
};

/** Clocks and counters, which say nothing of the model. */
const LEFT_OUT =
  /^(timing|perf\/|epoch_number$|step_number$|consumed_samples$|global_batch_size$|lr$|actor\/lr$)|timing in s$/;

/**
 * Figures that AWS tells of a step, by our names; those that we have no name for with `aws/` in front. Rewards are in the range that
 * the function answers in (`aws.range`) there, and from 0 to 1 here.
 */
export function learnedOf(
  told: Readonly<Record<string, number | null>>,
  range: { min: number; max: number },
): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(told)
      .filter(([name]) => !LEFT_OUT.test(name))
      .map(([name, value]) => {
        const ours = OURS[name] ?? `aws/${name}`;
        const isReward = ours === 'reward' && value !== null;
        return [ours, isReward ? (value - range.min) / (range.max - range.min) : value];
      }),
  );
}
