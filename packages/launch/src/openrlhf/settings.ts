import { join } from 'node:path';
import { localPolicy, type Config, type Counterpart, type TrainingJob } from '@touchstone/run';
import type { JsonValue } from '@touchstone/spec';
import { answersOfStep } from '../job-files.js';
import {
  BEYOND_OTHERS,
  BY_TURNS,
  NOTHING_BEYOND,
  asynchronousProblem,
  counterpartsOf,
  ofAPolicyBehindAnApi,
  ofAnotherBackend,
  saysNothing,
  takesProblem,
  translated,
  type AnyConfig,
  type Tables,
  type Takes,
  type Translate as TranslateTo,
} from '../translation.js';

/*
 * What OpenRLHF makes of a configuration, by the names of openrlhf.cli.train_ppo_ray 0.11.2. Every key of `training:` stands here:
 * one that is new does not compile until it does.
 */

/** A setting in OpenRLHF. */
interface Translation {
  /** Options of its command line by their names; an empty list is a switch. */
  args?: Record<string, readonly (string | number)[]>;
  /** In place of options: what the job's files do with it. */
  script?: string;
  note?: string;
}
type Translate = TranslateTo<Translation>;

/** No reward of ours is cut: OpenRLHF cuts advantages, which it takes for rewards. A minus with an exponent would be an option to argparse. */
const WIDEST = 1_000_000;

const updatesOf = ({ training }: AnyConfig): number => training.steps * training.updates_per_step;
/** GPUs of the whole job. */
const gpusOf = ({ training: { openrlhf } }: Pick<Config, 'training'> | AnyConfig): number =>
  openrlhf.nodes * openrlhf.gpus_per_node;

/** What OpenRLHF has as it is meant here. */
const TAKES: Takes = { algorithm: ['grpo', 'dapo', 'gspo'], deviation: ['group', 'none'], ...NOTHING_BEYOND };

const TRAINING: Tables<Translation>['training'] = {
  backend: () => ({ script: 'train.py, which starts openrlhf.cli.train_ppo_ray' }),
  algorithm: ({ training: { algorithm } }) => ({
    args:
      algorithm === 'gspo'
        ? { 'actor.policy_loss_type': ['gspo'], 'actor.loss_agg_mode': ['seq-mean-token-mean'] }
        : { 'actor.policy_loss_type': ['ppo'], 'actor.loss_agg_mode': ['token-mean'] },
    note: 'answers without a verdict still count in what the loss is divided by',
  }),
  steps: () => ({
    args: { 'train.num_episodes': [1] },
    script: 'prompts.jsonl',
    note: 'which is as long as the run and gone through once',
  }),
  prompts_per_step: ({ training: { prompts_per_step } }) => ({
    args: { 'rollout.batch_size': [prompts_per_step] },
    script: 'prompts.jsonl and touchstone_trainer.py',
    note: 'the tasks of each step are those that the embedded engine would take; OpenRLHF alone would shuffle them',
  }),
  group_size: (config) => ({
    args: {
      'rollout.n_samples_per_prompt': [config.training.group_size],
      'train.batch_size': [answersOfStep(config)],
    },
    note: 'an update is made of all answers of a step',
  }),
  learning_rate: ({ training: { learning_rate } }, { adamw }) => ({
    args: {
      'actor.optim': ['adam'],
      'actor.adam.lr': [learning_rate],
      'actor.adam.betas': [adamw.beta1, adamw.beta2],
      'actor.adam.eps': [adamw.epsilon],
    },
    note: 'weights in bfloat16 with a copy in float32, which the updates go to',
  }),
  warmup_steps: (config) => {
    const updates = config.training.warmup_steps * config.training.updates_per_step;
    // It takes a share and rounds the number of updates up.
    const share = updates === 0 ? 0 : Math.min(1, (updates - 0.5) / updatesOf(config));
    return {
      args: { 'actor.lr_scheduler': ['constant_with_warmup'], 'actor.lr_warmup_ratio': [share] },
      note: updates === 0 ? '' : 'one update later than in the embedded engine: it begins at a rate of 0',
    };
  },
  weight_decay: ({ training: { weight_decay } }) => ({
    args: { 'actor.adam.weight_decay': [weight_decay] },
    note: weight_decay === 0 ? '' : 'of embeddings too, which the embedded engine leaves out',
  }),
  max_grad_norm: ({ training: { max_grad_norm } }) => ({ args: { 'actor.max_norm': [max_grad_norm] } }),
  clip_low: () => ({ script: 'actor.eps_clip_low_high', note: 'with clip_high' }),
  clip_high: ({ training: { clip_low, clip_high } }) => ({
    args: { 'actor.eps_clip_low_high': [clip_low, clip_high] },
  }),
  deviation: ({ training: { deviation } }) => ({
    args: {
      'algo.advantage.estimator': [deviation === 'group' ? 'group_norm' : 'dr_grpo'],
      'reward.clip_range': [-WIDEST, WIDEST],
    },
  }),
  ratio_cap: saysNothing,
  kl_estimator: () => ({ script: 'algo.kl.estimator', note: 'with kl_coefficient' }),
  entropy_coefficient: ({ training: { entropy_coefficient } }) => ({
    args: { 'actor.entropy_coef': [entropy_coefficient] },
    note: entropy_coefficient === 0 ? 'which has the entropy logged, and no part in the loss' : '',
  }),
  kl_coefficient: ({ training: { kl_coefficient, kl_estimator } }) => ({
    args: {
      'algo.kl.init_coef': [kl_coefficient],
      ...(kl_coefficient === 0 ? {} : { 'algo.kl.use_loss': [], 'algo.kl.estimator': [kl_estimator] }),
    },
    note: 'measured to answers without a verdict too',
  }),
  updates_per_step: ({ training: { updates_per_step } }) => ({
    args: { 'train.max_epochs': [updates_per_step] },
  }),
  type: () => ({ note: 'by turns: without --train.async_enable' }),
  ...BY_TURNS,
  checkpoint_every: ({ training: { checkpoint_every } }) => ({
    args: {
      'ckpt.save_steps': [checkpoint_every],
      'ckpt.max_num': [2],
      'ckpt.load_enable': [],
      'ckpt.best_metric_key': ['none'],
    },
  }),
  ...BEYOND_OTHERS,
  sft: () => ({ note: 'the embedded engine does it, for comparison, as ever' }),
  trl: ofAnotherBackend,
  verl: ofAnotherBackend,
  aws: ofAnotherBackend,
  ray: ({ training: { ray } }) => ({
    script: 'where train.py runs',
    note: ray ? `as a job of the Ray cluster at ${ray.address}` : 'on this machine, with a Ray of its own',
  }),
  openrlhf: (config) => machineOf(config),
};

/** All models on all GPUs by turns, as OpenRLHF's own hybrid engine has it. */
function machineOf({ training: { openrlhf } }: AnyConfig): Translation {
  const { nodes, gpus_per_node: gpus, tensor_parallel: parallel, micro_batch: micro } = openrlhf;
  return {
    args: {
      'actor.num_nodes': [nodes],
      'actor.num_gpus_per_node': [gpus],
      'ref.num_nodes': [nodes],
      'ref.num_gpus_per_node': [gpus],
      'vllm.num_engines': [Math.floor((nodes * gpus) / parallel)],
      'vllm.tensor_parallel_size': [parallel],
      'vllm.gpu_memory_utilization': [0.6],
      'vllm.enable_sleep': [],
      'ds.enable_sleep': [],
      'ds.zero_stage': [3],
      'train.colocate_all': [],
      'train.micro_batch_size': [micro],
      'rollout.micro_batch_size': [micro],
      'actor.gradient_checkpointing_enable': [],
    },
  };
}

const POLICY: Record<keyof Config['policy'], Translate> = {
  model: () => ({ script: 'actor.model_name_or_path', note: 'full fine-tuning' }),
  max_tokens: ({ policy: { max_tokens } }) => ({
    args: { 'rollout.max_new_tokens': [max_tokens] },
    script: 'data.max_len',
    note: 'with the longest prompt: OpenRLHF cuts longer ones and goes on',
  }),
  temperature: ({ policy: { temperature } }) => ({
    args: { 'rollout.temperature': [temperature], 'rollout.top_p': [1] },
  }),
  calls: ofAPolicyBehindAnApi,
};

const ABSTENTION: Record<keyof Config['reward']['abstention'], Translate> = {
  policy: ({ reward: { abstention }, training: { deviation } }) => ({
    script: 'stand_ins in touchstone_agent.py',
    note:
      abstention.policy !== 'mask'
        ? ''
        : 'OpenRLHF cannot leave an answer out: it gets the mean of its group, and so no advantage' +
          (deviation === 'group'
            ? '; those of the others are larger, since the mean makes the deviation less'
            : ''),
  }),
  limit: () => ({
    script: 'stop_on_abstentions in touchstone_trainer.py',
    note: 'before the step is learned from',
  }),
};

const REST: Record<string, Translate> = {
  seed: ({ seed }) => ({
    args: { 'train.seed': [seed] },
    script: 'seed_of in touchstone_agent.py',
    note: 'vLLM draws other answers with it than the embedded engine does',
  }),
  engine: () => ({ note: 'holds for the evaluations; OpenRLHF takes the GPUs of training.openrlhf' }),
};

/** Said whatever is configured. */
const ALWAYS: NonNullable<Translation['args']> = { 'logger.logging_steps': [1] };

const TABLES: Tables<Translation> = {
  policy: POLICY,
  training: TRAINING,
  abstention: ABSTENTION,
  rest: REST,
};

/** What each setting of the user's became. */
export const counterparts = (job: TrainingJob): Counterpart[] =>
  counterpartsOf(job, TABLES, ({ args = {}, script }) => [
    ...Object.entries(args).map(([name, values]) => ['--' + name, ...values].join(' ')),
    ...(script === undefined ? [] : [script]),
  ]);

/** Where the last step's weights are written, in the job's folder. */
const outputOf = ({ training }: Config): string => `output/checkpoint-${training.steps}`;

/** The command line. @param longestPrompt in tokens. */
export function argumentsOf(job: TrainingJob, longestPrompt: number): string[] {
  const { config } = job.workspace;
  const at = (name: string): string => join(job.folder, name);
  const args: NonNullable<Translation['args']> = Object.assign(
    {
      'actor.model_name_or_path': [localPolicy(job.workspace).folder],
      'data.prompt_dataset': [at('prompts.jsonl')],
      'data.input_key': ['prompt'],
      'data.label_key': ['label'],
      'data.apply_chat_template': [],
      'data.max_len': [longestPrompt + config.policy.max_tokens],
      'train.agent_func_path': [at('touchstone_agent.py')],
      'ckpt.output_dir': [at(outputOf(config))],
      'ckpt.path': [at('checkpoints')],
      ...ALWAYS,
    },
    ...translated(job, TABLES).map(({ translation }) => translation.args ?? {}),
  );
  return Object.entries(args).flatMap(([name, values]) => ['--' + name, ...values.map(String)]);
}

/** `settings.json`: what the job's files read. */
export function jobSettings(job: TrainingJob, longestPrompt: number): Record<string, JsonValue> {
  const { config } = job.workspace;
  return {
    run: job.run,
    seed: config.seed,
    end_tokens: localPolicy(job.workspace).model.config.eosTokens,
    prompts_per_step: config.training.prompts_per_step,
    group_size: config.training.group_size,
    gpus: gpusOf(config),
    abstention: { ...config.reward.abstention },
    output: outputOf(config),
    arguments: argumentsOf(job, longestPrompt),
  };
}

/** What OpenRLHF cannot do, in words; null: nothing. */
export function settingsProblem(config: Config): string | null {
  const takes = takesProblem(config, 'OpenRLHF', TAKES);
  if (takes !== null) return takes;
  const { policy, training } = config;
  const turns = asynchronousProblem(
    config,
    'Touchstone runs OpenRLHF by turns, without --train.async_enable',
  );
  if (turns !== null) return turns;
  const { gpus_per_node: gpus, tensor_parallel: parallel, micro_batch: micro } = training.openrlhf;
  if (policy.temperature === 0) {
    return 'policy.temperature is 0, and a step whose answers are all alike teaches nothing: expected a temperature above 0';
  }
  if (gpus % parallel !== 0) {
    return `training.openrlhf.tensor_parallel is ${parallel}: expected a divisor of gpus_per_node, which is ${gpus}`;
  }
  const rows = answersOfStep(config);
  if (rows % (micro * gpusOf(config)) !== 0) {
    return (
      `training.openrlhf: the ${rows} answers of a step (prompts_per_step × group_size) cannot be shared by ${gpusOf(config)} GPUs with ` +
      `${micro} at once (micro_batch): expected a divisor`
    );
  }
  return null;
}
