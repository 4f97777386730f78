import type { RecipeKey } from './key.js';
import { CONFIG, ENDPOINT, GENERATOR, hub, ROLLOUT, sentBySdk, SHARE, training } from './places.js';

/** Keys of the data, of how answers are drawn, and of how rewards are asked for. */
export const ROLLOUT_KEYS = {
  generation_replicas: {
    type: 'integer',
    about: 'Instances that draw answers',
    limits: { min: 1 },
    in: {
      hyperpod: { path: 'run.generation_replicas', default: 2 },
      'training-job': { path: 'run.generation_replicas', only: 'documentation' },
    },
  },
  rollout_worker_replicas: {
    type: 'integer',
    about: 'Workers that ask for rewards; the function has to stand 64 requests of each at once',
    limits: { min: 1 },
    in: { hyperpod: { path: 'run.rollout_worker_replicas', default: 1 } },
  },
  max_length: {
    type: 'integer',
    about: 'Tokens of a prompt and its answer together',
    limits: { min: 1, max: 262_144 },
    in: {
      hyperpod: {
        path: `${CONFIG}.max_length`,
        default: 10_240,
        ...hub('max_length', { min: 4096, max: 32_768 }),
      },
      'training-job': {
        path: `${CONFIG}.max_length`,
        default: 8192,
        ...hub('max_length', { min: 4096, max: 32_768 }),
      },
      serverless: { path: 'max_length', default: 8192, ...hub('max_length', { min: 4096, max: 32_768 }) },
    },
    note: 'Bedrock limits the prompt (max_prompt_length) and the answer (max_new_tokens) apart',
  },
  max_prompt_length: {
    type: 'integer',
    about: 'Tokens of a prompt',
    also: ['maxPromptLength'],
    limits: { min: 1 },
    in: { bedrock: { path: 'maxPromptLength', default: 8192 } },
  },
  max_epochs: {
    type: 'integer',
    about: 'Passes over the data',
    also: ['epochCount'],
    limits: { min: 1, max: 50 },
    in: { bedrock: { path: 'epochCount', default: 1 } },
    note: 'SageMaker counts steps (max_steps)',
  },
  global_batch_size: {
    type: 'integer',
    about: 'Samples of an optimizer step',
    also: ['batchSize'],
    limits: { min: 16, max: 256 },
    in: {
      hyperpod: {
        path: `${CONFIG}.global_batch_size`,
        default: 256,
        limits: { min: 16, max: 4096 },
        ...hub('global_batch_size', { min: 16, max: 256 }),
      },
      'training-job': {
        path: `${CONFIG}.global_batch_size`,
        default: 64,
        ...hub('global_batch_size', { min: 16, max: 128 }),
        hubFull: { min: 16, max: 256 },
      },
      serverless: {
        path: 'global_batch_size',
        default: 64,
        ...hub('global_batch_size', { min: 16, max: 128 }),
      },
      bedrock: { path: 'batchSize', default: 128, limits: { min: 16, max: 512 } },
    },
    note: 'AWS does not say whether samples are answers or prompts; the recipes list powers of two',
  },
  reasoning_effort: {
    type: 'text',
    about: 'How much the model reasons; null: not at all',
    also: ['reasoningEffort'],
    limits: { values: [null, 'low', 'high'] },
    in: {
      ...training(`${CONFIG}.reasoning_effort`, 'high', 'high'),
      evaluation: { path: 'inference.reasoning_effort', default: null },
      serverless: { path: 'reasoning_effort', default: 'high' },
      bedrock: { path: 'reasoningEffort', default: 'medium', limits: { values: ['low', 'medium', 'high'] } },
    },
    note: 'only Bedrock has medium, and only it cannot do without',
  },
  shuffle: {
    type: 'boolean',
    about: 'Whether the data is shuffled',
    in: {
      hyperpod: { path: `${CONFIG}.data.shuffle`, default: false },
      'training-job': { path: `${CONFIG}.data.shuffle`, only: 'documentation' },
    },
  },
  type: {
    type: 'text',
    about: 'Answers, rewards and updates at once, by weights that may be older',
    limits: { values: ['off_policy_async'] },
    in: { hyperpod: { path: `${ROLLOUT}.rollout_strategy.type`, default: 'off_policy_async' } },
  },
  age_tolerance: {
    type: 'integer',
    about: 'How old the weights may be that drew an answer',
    limits: { min: 1, max: 20 },
    in: { hyperpod: { path: `${ROLLOUT}.rollout_strategy.age_tolerance`, default: 2 } },
    note: 'AWS does not say whether it counts pushed weights or optimizer steps',
  },
  number_generation: {
    type: 'integer',
    about: 'Answers to a prompt, compared with one another',
    also: ['trainingSamplePerPrompt'],
    limits: { min: 2, max: 16 },
    in: {
      hyperpod: {
        path: `${ROLLOUT}.advantage_strategy.number_generation`,
        default: 8,
        ...hub('number_generation', { min: 2, max: 16 }),
      },
      'training-job': { path: `${ROLLOUT}.advantage_strategy.number_generation`, default: 2 },
      ...sentBySdk('number_generation'),
      bedrock: { path: 'trainingSamplePerPrompt', default: 8 },
    },
  },
  max_new_tokens: {
    type: 'integer',
    about: 'Tokens of an answer, its reasoning included',
    also: ['inferenceMaxTokens'],
    limits: { min: 1 },
    in: {
      ...training(`${GENERATOR}.max_new_tokens`, 8192, 6000),
      evaluation: { path: 'inference.max_new_tokens', default: 32_768 },
      ...sentBySdk('max_new_tokens'),
      bedrock: { path: 'inferenceMaxTokens', default: 2048 },
    },
  },
  set_random_seed: {
    type: 'boolean',
    about: 'Whether answers are drawn with a fixed seed; which one cannot be said',
    in: { ...training(`${GENERATOR}.set_random_seed`, true, true), ...sentBySdk('set_random_seed') },
  },
  temperature: {
    type: 'float',
    about: 'Sampling temperature',
    limits: { min: 0, max: 2 },
    in: {
      ...training(`${GENERATOR}.temperature`, 1, 1),
      evaluation: { path: 'inference.temperature', default: 0 },
      ...sentBySdk('temperature'),
    },
  },
  top_k: {
    type: 'integer',
    about: 'Tokens that are drawn from; 0 and -1: all',
    limits: { min: -1 },
    in: {
      ...training(`${GENERATOR}.top_k`, 0, 1),
      evaluation: { path: 'inference.top_k', default: -1 },
      ...sentBySdk('top_k'),
    },
    note: "at the training job's own 1, answers to a prompt are all the same",
  },
  top_p: {
    type: 'float',
    about: 'Probability of the tokens that are drawn from',
    limits: SHARE,
    in: { evaluation: { path: 'inference.top_p', default: 1 } },
  },
  top_logprobs: {
    type: 'integer',
    about: 'Log-probabilities of each token that are kept',
    limits: { min: 0, max: 20 },
    in: { evaluation: { path: 'inference.top_logprobs', default: 0 } },
  },
  lambda_concurrency_limit: {
    type: 'integer',
    about: 'Calls of the reward function at once',
    also: ['lambda_concurrency'],
    limits: { min: 1 },
    in: {
      ...training(`${ENDPOINT}.lambda_concurrency_limit`, 100, 12),
      ...sentBySdk('lambda_concurrency_limit'),
    },
  },
  lambda_batch_size: {
    type: 'integer',
    about: 'Answers in a call of the reward function',
    limits: { min: 1 },
    in: { 'training-job': { path: `${ENDPOINT}.lambda_batch_size`, only: 'documentation' } },
    note: '64 or 128 where it is not said; HyperPod sends answers one by one',
  },
  preset_reward_function: {
    type: 'text',
    about: "One of AWS's own rewards, in place of a function",
    limits: { values: [null] },
    in: { 'training-job': { path: `${ROLLOUT}.rewards.preset_reward_function`, only: 'documentation' } },
    note: 'null: here a function gives the reward',
  },
  proc_num: {
    type: 'integer',
    about: 'Processes that ask for rewards',
    limits: { min: 1 },
    in: {},
    note: 'only two articles of AWS name it; no public recipe and no page of the documentation has it',
  },
} satisfies Record<string, RecipeKey>;
