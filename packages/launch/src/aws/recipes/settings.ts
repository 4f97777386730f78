import type { Counterpart, TrainingJob } from '@touchstone/run';
import { InputError, type JsonValue } from '@touchstone/spec';
import {
  BEYOND_OTHERS,
  counterpartsOf,
  ofAnotherBackend,
  ofAsynchronous,
  saysNothing,
  takesProblem,
  translated,
  type Tables,
  type Takes,
  type Translate as TranslateTo,
} from '../../translation.js';
import { TARGET_NAMES, type Overrides, type Target, type Tuning } from './key.js';
import { keyOf, KEYS, type OverrideName } from './keys.js';
import { epochsOf, passesProblem } from './passes.js';
import { contradictions, complete, placeOf, settle } from './values.js';

/*
 * What AWS makes of a configuration. Every key of `training:` stands here: one that is new does not compile until it does.
 */

/** Where a configuration may be trained. */
export interface NovaTarget {
  target: Exclude<Target, 'evaluation'>;
  tuning: Tuning;
}
/** What of a job the settings are made of. */
type Job = Pick<TrainingJob, 'adamw' | 'workspace'>;
type Training = Tables<Translation>['training'];

/** A setting in AWS. */
interface Translation {
  keys?: Partial<Record<OverrideName, JsonValue>>;
  /** In place of keys: what is done with it. */
  here?: string;
  note?: string;
}
type Translate = TranslateTo<Translation>;

/** AWS does not say what its loss is: of ours it takes what it does not contradict. */
export const TAKES: Takes = {
  algorithm: ['grpo'],
  deviation_floor: [0],
  false_positive_rate: [0],
  false_negative_rate: [0],
};

const training = (job: Job, { target }: NovaTarget): Training => ({
  backend: () => ({ here: TARGET_NAMES[target] }),
  algorithm: () => ({
    here: 'RLVR',
    note: 'AWS compares the answers to a prompt with one another, and does not say how it weighs tokens',
  }),
  steps: ({ training: { steps } }) =>
    target === 'bedrock'
      ? { keys: { max_epochs: epochsOf(job) }, note: 'Bedrock counts passes over the data' }
      : { keys: { max_steps: steps } },
  prompts_per_step: ({ training: { prompts_per_step, group_size } }) => ({
    keys: {
      global_batch_size: prompts_per_step * group_size,
      ...(target === 'hyperpod' ? { shuffle: false } : {}),
    },
    note: 'in answers (prompts_per_step × group_size), which AWS does not say that it counts',
  }),
  group_size: ({ training: { group_size } }) => ({ keys: { number_generation: group_size } }),
  learning_rate: ({ training: { learning_rate } }, { adamw }) => ({
    keys: { lr: learning_rate, adam_beta1: adamw.beta1, adam_beta2: adamw.beta2 },
    note: `AWS's own default is ${Number(KEYS.lr.in[target]?.default)}`,
  }),
  warmup_steps: () => ({ note: 'AWS has no setting of it' }),
  weight_decay: ({ training: { weight_decay } }) => ({ keys: { weight_decay } }),
  max_grad_norm: () => ({ note: 'AWS has no setting of it' }),
  clip_low: () => ({ note: 'AWS has no setting of it' }),
  clip_high: ({ training: { clip_high } }) => ({ keys: { clip_ratio_high: clip_high } }),
  deviation: () => ({ note: 'AWS does not say how it scales advantages' }),
  ratio_cap: saysNothing,
  kl_estimator: () => ({ note: 'AWS does not say how it estimates KL' }),
  entropy_coefficient: ({ training: { entropy_coefficient } }) =>
    entropy_coefficient === 0
      ? { note: "AWS's own default holds, unless training.aws.overrides has ent_coeff" }
      : { keys: { ent_coeff: entropy_coefficient } },
  kl_coefficient: ({ training: { kl_coefficient } }) => ({ keys: { kl_loss_coef: kl_coefficient } }),
  updates_per_step: () => ({ note: 'AWS makes one update of a batch' }),
  type: ({ training: { type } }) =>
    type === 'synchronous'
      ? { note: 'AWS does not say in which order it draws and learns, but on HyperPod: off_policy_async' }
      : { keys: { type } },
  age_tolerance: ({ training: { age_tolerance } }) =>
    age_tolerance === undefined
      ? ofAsynchronous()
      : { keys: { age_tolerance }, note: 'AWS does not say in which unit' },
  refit_freq: ({ training: { refit_freq } }) =>
    refit_freq === undefined ? ofAsynchronous() : { keys: { refit_freq } },
  importance_cap: ({ training: { importance_cap } }) =>
    importance_cap === undefined ? ofAsynchronous() : { note: 'AWS has no setting of it' },
  checkpoint_every: ({ training: { checkpoint_every, steps } }) => ({
    keys: { save_steps: Math.min(checkpoint_every, steps) },
  }),
  ...BEYOND_OTHERS,
  sft: () => ({ note: 'not done there: begin with a checkpoint of a tuned model' }),
  trl: ofAnotherBackend,
  verl: ofAnotherBackend,
  openrlhf: ofAnotherBackend,
  ray: ofAnotherBackend,
  aws: () => ({ here: 'the job', note: 'and its overrides' }),
});

const POLICY: Tables<Translation>['policy'] = {
  model: () => ({ here: 'the model', note: 'Nova 2 Lite, or a checkpoint of it' }),
  max_tokens: ({ policy: { max_tokens } }) => ({
    keys: { max_new_tokens: max_tokens },
    note: 'reasoning counts: as little is asked for as can be, unless training.aws.overrides has reasoning_effort',
  }),
  temperature: ({ policy: { temperature } }) => ({ keys: { temperature, top_k: 0 } }),
  calls: () => ({ note: 'how the model is asked where it is evaluated' }),
};

/** What the reward function does with what cannot be judged. */
export const ABSTENTION: Tables<Translation>['abstention'] = {
  policy: ({ reward }) => ({
    here: 'the reward function',
    note:
      reward.abstention.policy === 'neutral' || reward.abstention.policy === 'group-mean'
        ? ''
        : 'AWS takes numbers only: the middle of the range stands in',
  }),
  limit: () => ({ note: 'the function is asked batch by batch and ends no job: an alarm has to' }),
};

const REST: Tables<Translation>['rest'] = {
  seed: () => ({ keys: { set_random_seed: true }, note: 'which seed cannot be said' }),
  engine: () => ({ note: "AWS's instances train" }),
};

/** What holds unless an override says otherwise: as little reasoning as can be asked for, since policy.max_tokens cuts it off. */
const unlessOverridden = ({ target }: NovaTarget): Overrides => ({
  reasoning_effort: target === 'hyperpod' || target === 'training-job' ? null : 'low',
});

/** Keys that a target has, and why there are none. */
function aimed<K extends string>(
  table: Record<K, Translate>,
  { target, tuning }: NovaTarget,
): Record<K, Translate> {
  const aim =
    (translate: Translate): Translate =>
    (config, job) => {
      const { keys, ...rest } = translate(config, job);
      const had = entriesOf({ ...(keys && { keys }) }).filter(([key]) => placeOf(key, target, tuning));
      if (had.length > 0) return { ...rest, keys: Object.fromEntries(had) };
      return keys ? { note: `${TARGET_NAMES[target]} has no such key` } : rest;
    };
  return Object.fromEntries(
    (Object.entries(table) as [K, Translate][]).map(([key, translate]) => [key, aim(translate)]),
  ) as Record<K, Translate>;
}

const tablesOf = (job: Job, where: NovaTarget): Tables<Translation> => ({
  policy: aimed(POLICY, where),
  training: aimed(training(job, where), where),
  abstention: ABSTENTION,
  rest: aimed(REST, where),
});

const entriesOf = ({ keys = {} }: Translation): [OverrideName, JsonValue][] =>
  Object.entries(keys) as [OverrideName, JsonValue][];

/** By key, the setting that decides it, with its value. */
const decided = (job: Job, where: NovaTarget): Map<OverrideName, { setting: string; value: JsonValue }> =>
  new Map(
    translated(job as TrainingJob, tablesOf(job, where)).flatMap(({ setting, translation }) =>
      entriesOf(translation).map(([key, value]) => [key, { setting, value }] as const),
    ),
  );

/** What each setting of the user's became in a target. */
export const novaCounterparts = (job: TrainingJob, where: NovaTarget): Counterpart[] =>
  counterpartsOf(job, tablesOf(job, where), (translation) => [
    ...entriesOf(translation).map(
      ([key, value]) => `${placeOf(key, where.target, where.tuning)!.path} = ${JSON.stringify(value)}`,
    ),
    ...(translation.here === undefined ? [] : [translation.here]),
  ]);

const OWN = 'training.aws.overrides';
const ownOf = ({ workspace: { config } }: Job): Overrides => config.training.aws?.overrides ?? {};

/** Overrides of the user's that say what a setting does. */
function doubled(settings: ReturnType<typeof decided>, own: Overrides): string[] {
  return Object.keys(own).flatMap((spelling) => {
    const by = settings.get(keyOf(spelling) as OverrideName);
    return by ? [`${OWN}: ${spelling} is decided by ${by.setting}: say it there`] : [];
  });
}

/**
 * The overrides that a configuration comes to, with those of `training.aws.overrides` for what no setting decides.
 *
 * @throws {InputError} where an override of the user's says what a setting does.
 */
export function novaOverrides(job: Job, where: NovaTarget): Overrides {
  const own = ownOf(job);
  const settings = decided(job, where);
  const wrong = doubled(settings, own);
  if (wrong.length > 0) throw new InputError(wrong.map((message) => ({ message })));
  const named = new Set(Object.keys(own).map(keyOf));
  const defaults = Object.entries(unlessOverridden(where)).filter(([key]) => !named.has(keyOf(key)));
  const values = [...settings].map(([key, { value }]) => [key, value] as const);
  return Object.fromEntries([...defaults, ...values, ...Object.entries(own)]);
}

/** What of a configuration a target cannot do, in words and by the names of its settings; null: nothing. */
export function novaSettingsProblem(job: Job, where: NovaTarget): string | null {
  const problems = [...trainingProblems(job, where.target), ...valueProblems(job, where)];
  return problems.length === 0 ? null : problems.join('; ');
}

function trainingProblems(job: Job, target: Target): string[] {
  const { policy, training: asked } = job.workspace.config;
  const problems: string[] = [];
  if (policy.temperature === 0) {
    problems.push(
      'policy.temperature is 0, and answers that are drawn at it are all the same: expected a temperature above 0',
    );
  }
  const takes = takesProblem({ training: asked }, 'AWS', TAKES);
  if (takes !== null) problems.push(takes);
  if ('kl_coefficient' in asked && asked.kl_coefficient > 0 && !KEYS.kl_loss_coef.in[target]) {
    problems.push(
      `training.kl_coefficient is ${asked.kl_coefficient}, and ${TARGET_NAMES[target]} has no penalty: expected 0, or a training job`,
    );
  }
  const passes = target === 'bedrock' ? passesProblem(job, KEYS.max_epochs.limits ?? {}) : null;
  return passes === null ? problems : [...problems, passes];
}

function valueProblems(job: Job, where: NovaTarget): string[] {
  const { target, tuning } = where;
  const settings = decided(job, where);
  const wrong = doubled(settings, ownOf(job));
  if (wrong.length > 0) return wrong;
  // Said above, with what to do.
  if (target === 'bedrock' && passesProblem(job, KEYS.max_epochs.limits ?? {}) !== null) return [];
  const called = (key: string): string => {
    const by = settings.get(key as OverrideName);
    return by ? `${by.setting} (${key})` : `${OWN}: ${key}`;
  };
  const { given, problems } = settle(target, tuning, novaOverrides(job, where), called);
  return [...problems, ...contradictions(complete(target, tuning, given))];
}
