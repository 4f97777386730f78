import { join } from 'node:path';
import { localPolicy, type Counterpart, type TrainingJob } from '@touchstone/run';
import type { JsonObject, JsonValue } from '@touchstone/spec';
import {
  BEYOND_OTHERS,
  BY_TURNS,
  asynchronousProblem,
  counterpartsOf,
  ofAPolicyBehindAnApi,
  ofAnotherBackend,
  takesProblem,
  translated,
  type AnyConfig,
  type Tables,
} from '../translation.js';
import { answersOfStep } from '../job-files.js';
import { ACTOR, ALGORITHM, TAKES, type Translation } from './algorithm.js';
import { MANAGER, ROWS, SHIM } from './files.js';

const ROLLOUT = 'actor_rollout_ref.rollout';
/** At constant rates verl warms up from 0, so that its first step moves nothing; this schedule of its has the rates that are meant. */
const warmup = ({ training: { warmup_steps } }: AnyConfig): Translation =>
  warmup_steps === 0
    ? { keys: { [`${ACTOR}.optim.lr_scheduler_type`]: 'constant', [`${ACTOR}.optim.lr_warmup_steps`]: 0 } }
    : {
        keys: {
          [`${ACTOR}.optim.lr_scheduler_type`]: 'cosine',
          [`${ACTOR}.optim.min_lr_ratio`]: 1,
          [`${ACTOR}.optim.zero_indexed_step`]: false,
          [`${ACTOR}.optim.lr_warmup_steps`]: warmup_steps,
        },
        note: 'a cosine from 1 to 1 is constant; its warm-up begins above 0',
      };

const TRAINING: Tables<Translation>['training'] = {
  backend: () => ({ here: 'python -m verl.trainer.main_ppo' }),
  ...ALGORITHM,
  steps: ({ training: { steps } }) => ({
    keys: { 'trainer.total_training_steps': steps, 'trainer.total_epochs': 1 },
    here: ROWS,
    note: 'the rows are those of all steps in their order, gone through once',
  }),
  prompts_per_step: ({ training: { prompts_per_step } }) => ({
    keys: {
      'data.train_batch_size': prompts_per_step,
      'data.shuffle': false,
      'data.train_max_samples': -1,
      'data.filter_overlong_prompts': false,
      [`${ACTOR}.ppo_mini_batch_size`]: prompts_per_step,
    },
    note: 'the tasks of each step are those that the embedded engine would take',
  }),
  group_size: ({ training: { group_size } }) => ({ keys: { [`${ROLLOUT}.n`]: group_size } }),
  learning_rate: ({ training: { learning_rate } }, { adamw }) => ({
    keys: {
      [`${ACTOR}.optim.lr`]: learning_rate,
      [`${ACTOR}.optim.betas`]: [adamw.beta1, adamw.beta2],
      [`${ACTOR}.optim.override_optimizer_config`]: { eps: adamw.epsilon },
    },
  }),
  warmup_steps: warmup,
  weight_decay: ({ training: { weight_decay } }) => ({
    keys: { [`${ACTOR}.optim.weight_decay`]: weight_decay },
    note: 'verl decays every weight, the embedded engine matrices but embeddings',
  }),
  max_grad_norm: ({ training: { max_grad_norm } }) => ({
    keys: { [`${ACTOR}.optim.clip_grad`]: max_grad_norm, [`${ACTOR}.grad_clip`]: max_grad_norm },
  }),
  updates_per_step: ({ training: { updates_per_step } }) => ({
    keys: { [`${ACTOR}.ppo_epochs`]: updates_per_step, [`${ACTOR}.shuffle`]: false },
  }),
  type: () => ({ note: 'trainer.v1.trainer_mode = sync' }),
  ...BY_TURNS,
  checkpoint_every: ({ training: { checkpoint_every } }) => ({
    keys: {
      'trainer.save_freq': checkpoint_every,
      'trainer.max_actor_ckpt_to_keep': 2,
      [`${ACTOR}.checkpoint.save_contents`]: ['model', 'optimizer', 'extra', 'hf_model'],
      [`${ACTOR}.checkpoint.load_contents`]: ['model', 'optimizer', 'extra'],
    },
    note: 'each with its weights as a Hugging Face folder, from which the last is fetched',
  }),
  ...BEYOND_OTHERS,
  sft: () => ({ note: 'the embedded engine does it, for comparison, as ever' }),
  trl: ofAnotherBackend,
  openrlhf: ofAnotherBackend,
  aws: ofAnotherBackend,
  ray: ({ training: { ray } }) => ({ here: 'where verl runs', note: `the Ray cluster at ${ray?.address}` }),
  verl: ({ training: { verl } }) => ({
    keys: {
      'trainer.nnodes': verl.nodes,
      'trainer.n_gpus_per_node': verl.gpus_per_node,
      [`${ROLLOUT}.tensor_model_parallel_size`]: verl.tensor_parallel,
      [`${ROLLOUT}.name`]: verl.rollout,
    },
    note: 'and its overrides',
  }),
};

const POLICY: Tables<Translation>['policy'] = {
  model: () => ({
    here: 'actor_rollout_ref.model.path',
    note: 'full fine-tuning: weights in float32, computed in bfloat16, drawn in bfloat16',
  }),
  max_tokens: ({ policy: { max_tokens } }) => ({
    keys: { 'data.max_response_length': max_tokens, [`${ROLLOUT}.response_length`]: max_tokens },
  }),
  temperature: ({ policy: { temperature } }) => ({
    keys: { [`${ROLLOUT}.temperature`]: temperature, [`${ROLLOUT}.top_p`]: 1, [`${ROLLOUT}.top_k`]: -1 },
  }),
  calls: ofAPolicyBehindAnApi,
};

const ABSTENTION: Tables<Translation>['abstention'] = {
  policy: ({ reward }) => ({
    here: 'the reward server',
    note:
      reward.abstention.policy === 'mask'
        ? 'verl takes numbers only: the mean of its group stands in, so that its advantage is 0'
        : 'verl takes numbers only: the number that stands in is made where the whole group is known',
  }),
  limit: () => ({
    here: 'the reward server',
    note: 'beyond it no reward is given and the job is ended, before the step is learned from',
  }),
};

const REST: Tables<Translation>['rest'] = {
  seed: ({ seed }) => ({
    keys: { [`${ROLLOUT}.seed`]: seed % 2 ** 31, [`${ACTOR}.data_loader_seed`]: seed % 2 ** 31 },
    note: 'answers are others than those of the embedded engine, and other ones again where a step is made again',
  }),
  engine: () => ({ note: 'holds for the evaluations; verl takes the GPUs of training.verl' }),
};

/** Said whatever is configured: without questions to anybody else, for one reader. */
const ALWAYS: Record<string, JsonValue> = {
  'trainer.project_name': 'touchstone',
  'trainer.logger': ['console', 'file'],
  'trainer.val_before_train': false,
  'trainer.test_freq': -1,
  'trainer.critic_warmup': 0,
  'trainer.use_v1': true,
  'trainer.v1.trainer_mode': 'sync',
  'data.dataloader_num_workers': 0,
  'data.val_max_samples': 1,
  'data.truncation': 'error',
  // check.py makes the tokens of prompts without them.
  'data.apply_chat_template_kwargs': {},
  'actor_rollout_ref.model.custom_chat_template': null,
  'actor_rollout_ref.model.tokenizer_path': null,
  [`${ROLLOUT}.ignore_eos`]: false,
  [`${ACTOR}.use_dynamic_bsz`]: true,
  'reward.reward_model.enable': false,
  'reward.custom_reward_function.name': 'compute_score',
  'reward.reward_manager.source': 'importlib',
  'reward.reward_manager.name': 'TouchstoneRewardManager',
};

/** What is said of an attempt, or holds the whole file together: another base would take the place of what is said here. */
const OF_AN_ATTEMPT = [
  'defaults',
  'hydra',
  'trainer.rollout_data_dir',
  'trainer.resume_mode',
  'trainer.resume_from_path',
];

/** As much as the packed sequences of one pass may have, where a single one does not have more. */
const TOKENS_AT_ONCE = 16_384;

const TABLES: Tables<Translation> = {
  policy: POLICY,
  training: TRAINING,
  abstention: ABSTENTION,
  rest: REST,
};

/** What each setting of the user's became. */
export const counterparts = (job: TrainingJob): Counterpart[] =>
  counterpartsOf(job, TABLES, ({ keys = {}, here }) => [
    ...Object.entries(keys).map(([name, one]) => `${name} = ${JSON.stringify(one)}`),
    ...(here === undefined ? [] : [here]),
  ]);

/**
 * `verl.yaml`, by full names.
 *
 * @param longestPrompt tokens of the longest prompt, ≥ 1: verl cuts longer ones and says nothing.
 */
function keysOf(job: TrainingJob, longestPrompt: number): Record<string, JsonValue> {
  const { config } = job.workspace;
  const at = (file: string): string => join(job.folder, file);
  const settings = translated(job, TABLES).map(({ translation }) => translation.keys ?? {});
  return {
    ...ALWAYS,
    ...(Object.assign({}, ...settings) as Record<string, JsonValue>),
    'actor_rollout_ref.model.path': localPolicy(job.workspace).folder,
    'data.train_files': [at(ROWS)],
    'data.val_files': [at(ROWS)],
    'data.max_prompt_length': longestPrompt,
    [`${ROLLOUT}.prompt_length`]: longestPrompt,
    [`${ACTOR}.ppo_max_token_len_per_gpu`]: Math.max(
      TOKENS_AT_ONCE,
      longestPrompt + config.policy.max_tokens,
    ),
    'reward.custom_reward_function.path': at(SHIM),
    'reward.reward_manager.module.path': at(MANAGER),
    'trainer.experiment_name': job.run,
    'trainer.default_local_dir': at('checkpoints'),
  };
}

/** `verl.yaml`: over verl's own defaults. */
export function configOf(job: TrainingJob, longestPrompt: number): JsonObject {
  const { overrides } = job.workspace.config.training.verl;
  const tree: JsonObject = { defaults: ['ppo_trainer', '_self_'] };
  for (const [name, value] of Object.entries({ ...overrides, ...keysOf(job, longestPrompt) })) {
    const path = name.split('.');
    const last = path.pop()!;
    let at = tree;
    for (const key of path) at = (at[key] ??= {}) as JsonObject;
    at[last] = value;
  }
  return tree;
}

/** What of a configuration verl cannot do, in words; null: nothing. */
export function settingsProblem(job: TrainingJob): string | null {
  const { policy, training } = job.workspace.config;
  const turns = asynchronousProblem({ training }, 'Touchstone runs verl by turns, not its fully_async');
  if (turns !== null) return turns;
  const takes = takesProblem({ training }, 'verl', TAKES);
  if (takes !== null) return takes;
  if (policy.temperature === 0) {
    return 'policy.temperature is 0, and answers that are drawn at it are all the same: expected a temperature above 0';
  }
  if (!training.ray) {
    return 'training.backend is verl, and training.ray is missing: expected `ray: { address: http://HOST:8265 }`, the dashboard of a Ray cluster';
  }
  const { nodes, gpus_per_node: gpus, tensor_parallel: tensor, overrides } = training.verl;
  if ((nodes * gpus) % tensor !== 0) {
    return `training.verl: tensor_parallel is ${tensor}, which does not divide the ${nodes * gpus} GPUs`;
  }
  const rows = answersOfStep({ training });
  if (rows % (nodes * gpus) !== 0) {
    return `a step has ${rows} answers (prompts_per_step × group_size), which ${nodes * gpus} GPUs cannot share evenly: verl would fill up with empty ones`;
  }
  const own = [...Object.keys(keysOf(job, 1)), ...OF_AN_ATTEMPT];
  for (const name of Object.keys(overrides)) {
    const taken = own.find((one) => one === name || one.startsWith(`${name}.`) || name.startsWith(`${one}.`));
    if (taken !== undefined) {
      return `training.verl.overrides: ${name} is decided by Touchstone (${taken}); SETTINGS.md says by which setting`;
    }
  }
  return null;
}
