import type { NovaRecipeInput, Overrides } from './key.js';

/** The 20 overrides of AWS's article on reinforcement fine-tuning with an LLM as the judge. */
export const ARTICLE: Overrides = {
  max_length: 64_000,
  global_batch_size: 64,
  reasoning_effort: null,
  shuffle: false,
  type: 'off_policy_async',
  age_tolerance: 2,
  proc_num: 6,
  number_generation: 8,
  max_new_tokens: 16_000,
  set_random_seed: true,
  temperature: 1,
  top_k: 0,
  lambda_concurrency_limit: 100,
  max_steps: 516,
  save_steps: 32,
  save_top_k: 17,
  refit_freq: 4,
  clip_ratio_high: 0.28,
  ent_coeff: 0,
  loss_scale: 1,
};

export const REWARD_FUNCTION = 'arn:aws:lambda:us-east-1:123456789012:function:SageMaker-reward';

export const inputOf = (
  platform: NovaRecipeInput['platform'],
  overrides: Overrides = {},
): NovaRecipeInput => ({
  platform,
  name: 'contracts-1',
  data: 's3://bucket/train.jsonl',
  output: 's3://bucket/out/',
  rewardFunction: REWARD_FUNCTION,
  overrides,
});
