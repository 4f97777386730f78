import { localPolicy, type Config, type Counterpart, type TrainingJob } from '@touchstone/run';
import type { JsonValue } from '@touchstone/spec';
import { answersOfStep } from '../job-files.js';
import {
  BEYOND_OTHERS,
  BY_TURNS,
  NOTHING_BEYOND,
  asynchronousProblem,
  takesProblem,
  counterpartsOf,
  ofAnotherBackend,
  ofAPolicyBehindAnApi,
  translated,
  type Tables,
  type Takes,
  type Translate as TranslateTo,
} from '../translation.js';

/*
 * What TRL makes of a configuration. Every key of `training:` stands here: one that is new does not compile until it does.
 */

/** A setting in TRL. */
interface Translation {
  /** Arguments of GRPOConfig. */
  args?: Record<string, JsonValue>;
  /** In place of arguments: what `train.py` does with it. */
  script?: string;
  note?: string;
}
type Translate = TranslateTo<Translation>;

/** Arguments of peft's LoraConfig. Its own "all-linear" leaves the head out. */
const loraOf = ({ rank, alpha }: NonNullable<Config['training']['trl']['lora']>) => ({
  r: rank,
  lora_alpha: alpha ?? 2 * rank,
  lora_dropout: 0,
  target_modules: 'all-linear',
});
const loraWords = (lora: ReturnType<typeof loraOf>): string =>
  Object.entries(lora)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(', ');

/** What TRL has as it is meant here, of GRPOTrainer's losses. */
const TAKES: Takes = {
  algorithm: ['grpo', 'dr-grpo', 'dapo', 'gspo', 'cispo'],
  kl_estimator: ['k3'],
  ...NOTHING_BEYOND,
};

/** By algorithm, the loss in GRPOTrainer. */
const LOSSES: Partial<Record<Config['training']['algorithm'], string>> = {
  'dr-grpo': 'dr_grpo',
  gspo: 'grpo',
  cispo: 'cispo',
};

const TRAINING: Tables<Translation>['training'] = {
  backend: () => ({ script: 'train.py' }),
  algorithm: ({ training: { algorithm } }) => ({
    args: {
      loss_type: LOSSES[algorithm] ?? 'dapo',
      importance_sampling_level: algorithm === 'gspo' ? 'sequence' : 'token',
      mask_truncated_completions: false,
      // TRL divides rewards by their deviation unless it is told not to.
      ...(algorithm === 'dr-grpo' ? { scale_rewards: 'none' } : {}),
    },
    note: 'answers without a verdict still count in what the loss is divided by',
  }),
  steps: ({ training: { steps, updates_per_step } }) => ({ args: { max_steps: steps * updates_per_step } }),
  prompts_per_step: () => ({
    args: { shuffle_dataset: false },
    script: 'order.jsonl',
    note: 'the tasks of each step are those that the embedded engine would take',
  }),
  group_size: ({ training: { group_size } }) => ({ args: { num_generations: group_size } }),
  learning_rate: ({ training: { learning_rate, trl } }, { adamw }) => ({
    args: {
      learning_rate,
      adam_beta1: adamw.beta1,
      adam_beta2: adamw.beta2,
      adam_epsilon: adamw.epsilon,
    },
    ...(trl.lora ? { note: 'an adapter wants about ten times the rate of full fine-tuning' } : {}),
  }),
  warmup_steps: () => ({
    args: { warmup_steps: 0 },
    script: 'the schedule in train.py',
    note: "TRL's own begins at a rate of 0, a step later",
  }),
  weight_decay: ({ training: { weight_decay, trl } }) => ({
    args: { weight_decay },
    note: trl.lora
      ? "of the adapter's matrices: it draws the policy back to where it began"
      : 'of matrices but embeddings, as the embedded engine has it (train.py)',
  }),
  max_grad_norm: ({ training: { max_grad_norm } }) => ({ args: { max_grad_norm } }),
  clip_low: ({ training: { clip_low } }) => ({ args: { epsilon: clip_low } }),
  clip_high: ({ training: { clip_high } }) => ({ args: { epsilon_high: clip_high } }),
  ratio_cap: ({ training: { ratio_cap } }) => ({ args: { epsilon_high: ratio_cap } }),
  deviation: ({ training: { deviation } }) => ({ args: { scale_rewards: deviation } }),
  kl_estimator: () => ({ note: 'k3, the one that TRL has' }),
  entropy_coefficient: ({ training: { entropy_coefficient } }) => ({
    args: { entropy_coef: entropy_coefficient },
    note: entropy_coefficient === 0 ? '' : 'TRL takes the mean of the tokens of each micro-batch',
  }),
  kl_coefficient: ({ training: { kl_coefficient, trl } }) => ({
    args: { beta: kl_coefficient },
    note: `TRL measures it to answers without a verdict too, and does not clamp it${trl.lora ? '; the reference is the policy without the adapter' : ''}`,
  }),
  updates_per_step: ({ training: { updates_per_step } }) => ({ args: { num_iterations: updates_per_step } }),
  type: () => ({ note: 'GRPOTrainer draws, asks and learns by turns' }),
  ...BY_TURNS,
  checkpoint_every: ({ training: { checkpoint_every, updates_per_step } }) => ({
    args: {
      save_strategy: 'steps',
      save_steps: checkpoint_every * updates_per_step,
      save_total_limit: 2,
    },
  }),
  ...BEYOND_OTHERS,
  sft: () => ({ note: 'the embedded engine does it, for comparison, as ever' }),
  trl: ({ training: { trl, group_size } }) => ({
    script: `per_device_train_batch_size${trl.lora ? `, LoraConfig(${loraWords(loraOf(trl.lora))})` : ''}`,
    note:
      `${trl.micro_batch ?? group_size} answers at once, with gradient accumulation: the update is the same` +
      (trl.lora ? '; the adapter is merged when the last step is done' : ''),
  }),
  verl: ofAnotherBackend,
  openrlhf: ofAnotherBackend,
  aws: ofAnotherBackend,
  ray: ({ training: { ray } }) => ({
    script: 'where train.py runs',
    note: ray ? `as a job of the Ray cluster at ${ray.address}` : 'on this machine',
  }),
};

const POLICY: Record<keyof Config['policy'], Translate> = {
  model: ({ training: { trl } }) => ({
    script: 'the model',
    note: trl.lora
      ? 'its weights stay, in float32, beside an adapter'
      : 'full fine-tuning, of weights in float32',
  }),
  max_tokens: ({ policy: { max_tokens } }) => ({ args: { max_completion_length: max_tokens } }),
  temperature: ({ policy: { temperature } }) => ({ args: { temperature, top_p: 1, top_k: 0 } }),
  calls: ofAPolicyBehindAnApi,
};

const ABSTENTION: Record<keyof Config['reward']['abstention'], Translate> = {
  policy: () => ({ script: 'stand_ins in train.py' }),
  limit: () => ({ script: 'stop_on_abstentions in train.py', note: 'before the step is learned from' }),
};

const REST: Record<string, Translate> = {
  seed: ({ seed }) => ({
    args: { seed },
    note: 'PyTorch draws other answers with it than the embedded engine does',
  }),
  engine: () => ({
    note: 'holds for the evaluations; TRL takes the cores, the memory and the GPUs that there are',
  }),
};

/** Said whatever is configured: what is computed on one machine, for one reader. */
const ALWAYS: Record<string, JsonValue> = {
  report_to: 'none',
  logging_steps: 1,
  disable_tqdm: true,
  lr_scheduler_type: 'constant',
};

const TABLES: Tables<Translation> = {
  policy: POLICY,
  training: TRAINING,
  abstention: ABSTENTION,
  rest: REST,
};

/** What each setting of the user's became. */
export const counterparts = (job: TrainingJob): Counterpart[] =>
  counterpartsOf(job, TABLES, ({ args = {}, script }) => [
    ...Object.entries(args).map(([name, one]) => `${name} = ${JSON.stringify(one)}`),
    ...(script === undefined ? [] : [script]),
  ]);

/** `settings.json`: what `train.py` reads. */
export function scriptSettings(job: TrainingJob): Record<string, JsonValue> {
  const { config } = job.workspace;
  const policy = localPolicy(job.workspace);
  const { training, seed } = config;
  const grpo = Object.assign(
    { ...ALWAYS },
    ...translated(job, TABLES).map(({ translation }) => translation.args ?? {}),
  );
  return {
    run: job.run,
    policy: policy.folder,
    end_tokens: policy.model.config.eosTokens,
    seed,
    steps: training.steps,
    updates_per_step: training.updates_per_step,
    prompts_per_step: training.prompts_per_step,
    group_size: training.group_size,
    micro_batch: training.trl.micro_batch ?? training.group_size,
    warmup_steps: training.warmup_steps,
    lora: training.trl.lora ? loraOf(training.trl.lora) : null,
    abstention: { ...config.reward.abstention },
    grpo: grpo as Record<string, JsonValue>,
  };
}

/** Wrong numbers of answers in words, and what TRL cannot do; null: none. */
export function settingsProblem({ policy, training }: Config): string | null {
  const turns = asynchronousProblem({ training }, "TRL's GRPOTrainer draws, asks and learns by turns");
  if (turns !== null) return turns;
  const takes = takesProblem({ training }, 'TRL', TAKES);
  if (takes !== null) return takes;
  if (policy.temperature === 0) {
    return 'policy.temperature is 0, and TRL draws no answers at it: expected a temperature above 0';
  }
  const rows = answersOfStep({ training });
  const at = training.trl.micro_batch ?? training.group_size;
  if (rows % at === 0) return null;
  return `training.trl.micro_batch is ${at}: expected a divisor of the ${rows} answers of a step (prompts_per_step × group_size)`;
}
