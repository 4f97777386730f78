/** AWS's names of figures that a step has by ours: of a training job, of Bedrock's table and events, and of HyperPod's log. */
const OURS: Readonly<Record<string, string>> = {
  'critic/rewards/mean': 'reward',
  train_reward_mean: 'reward',
  critic_rewards_mean: 'reward',
  train_rm_score: 'reward',
  'actor/entropy': 'entropy',
  policy_entropy: 'entropy',
  actor_entropy: 'entropy',
  ent: 'entropy',
  'actor/pg_loss': 'loss',
  actor_pg_loss: 'loss',
  reduced_train_loss: 'loss',
  'actor/pg_clipfrac': 'clip_fraction',
  clipfrac: 'clip_fraction',
  'actor/grad_norm': 'grad_norm',
  actor_grad_norm: 'grad_norm',
  kl: 'kl',
  'actor/kl_loss': 'kl',
  'response_length/mean': 'response_tokens',
  response_length_mean: 'response_tokens',
  completion_length: 'response_tokens',
};

/** Clocks and counters, which say nothing of the model. */
const LEFT_OUT =
  /^(timing|perf\/|epoch_number$|step_number$|total_steps$|consumed_samples$|global_batch_size$|lr$|actor\/lr$)|timing in s$/;

/** What a sum of rewards may be off by. */
const ROUNDING = 1e-6;

/**
 * Figures that AWS tells of a step, by our names; those that we have no name for with `aws/` in front, and a second one of a name of ours too. Rewards
 * are in the range that the function answers in (`aws.range`) there, and from 0 to 1 here; one that is not in that range is
 * something else than we take it for, and keeps AWS's name.
 */
export function learnedOf(
  told: Readonly<Record<string, number | null>>,
  { min, max }: { min: number; max: number },
): Record<string, number | null> {
  const learned: Record<string, number | null> = {};
  for (const [name, value] of Object.entries(told)) {
    if (LEFT_OUT.test(name)) continue;
    const ours = OURS[name];
    const put = ours === 'reward' && value !== null ? (value - min) / (max - min) : value;
    const isKnown = ours !== undefined && !(ours in learned) && (ours !== 'reward' || isScore(put));
    learned[isKnown ? ours : `aws/${name}`] = isKnown ? put : value;
  }
  return learned;
}

const isScore = (value: number | null): boolean =>
  value === null || (value >= -ROUNDING && value <= 1 + ROUNDING);

/** A reward that cannot be one, in words; null: there is none. */
export function strangeReward(
  learned: Readonly<Record<string, number | null>>,
  { min, max }: { min: number; max: number },
): string | null {
  const [name, value] =
    Object.entries(learned).find(([key]) => OURS[key.replace(/^aws\//, '')] === 'reward') ?? [];
  if (name === undefined || learned['reward'] !== undefined) return null;
  return (
    `AWS tells of ${name.slice('aws/'.length)} ${value}, and the reward function answers from ${min} to ${max} (aws.range): it is shown as ${name}, ` +
    'and not as the reward. Was the function deployed with another range, or does AWS take a penalty off it?'
  );
}

/** That a job will make other steps than `training.steps`, in words; null: it does not say so. */
export function otherLength(told: Readonly<Record<string, number | null>>, steps: number): string | null {
  const total = told['total_steps'];
  if (total == null || total === steps) return null;
  return `AWS makes ${total} steps of it, and training.steps is ${steps}: it counts batches, or tasks, in another way than ours. The report shows the steps that it tells of`;
}
