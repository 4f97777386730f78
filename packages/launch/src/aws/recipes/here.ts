import { nearest } from '@touchstone/core';
import { ADAMW_DEFAULTS, configJsonSchema } from '@touchstone/run';
import type { JsonValue } from '@touchstone/spec';
import { settingsIn, type Setting } from '../../explain/settings.js';
import type { Overrides } from './key.js';
import { keyOf, KEYS, SPELLINGS, type OverrideName } from './keys.js';
import { describe, isOfType, isWithin } from './values.js';

/** Why there is no such value, in words that follow the key's name. */
class Problem {
  constructor(readonly text: string) {}
}

/** What a key of AWS is where the engine of this package trains. */
interface Here {
  /** The setting with the same meaning, by its place in `touchstone.yaml`. */
  setting?: string;
  /** Its value; default: as it is. A text says why there is none. @param all what else is given, by AWS's first names */
  value?(given: JsonValue, all: ReadonlyMap<OverrideName, JsonValue>): JsonValue | Problem;
  /** In place of a setting: the only values that it has here. */
  only?: readonly JsonValue[];
  /** What there is to say. */
  note?: string;
}

/** What `global_batch_size` is divided by where nothing is said. */
const GROUP = 8;

/** Of every key that may be overridden. One that is new does not compile until it stands here. */
export const HERE: Record<OverrideName, Here> = {
  max_steps: { setting: 'training.steps' },
  global_batch_size: {
    setting: 'training.prompts_per_step',
    note: 'global_batch_size / number_generation: it is counted in answers, which AWS does not say',
    value(given, all) {
      const group = Number(all.get('number_generation') ?? GROUP);
      const prompts = Number(given) / group;
      return Number.isInteger(prompts)
        ? prompts
        : new Problem(
            `is ${JSON.stringify(given)}: expected a multiple of number_generation, which is ${group}`,
          );
    },
  },
  number_generation: { setting: 'training.group_size' },
  max_new_tokens: { setting: 'policy.max_tokens' },
  temperature: { setting: 'policy.temperature' },
  lr: { setting: 'training.learning_rate' },
  weight_decay: { setting: 'training.weight_decay' },
  clip_ratio_high: { setting: 'training.clip_high' },
  ent_coeff: { setting: 'training.entropy_coefficient' },
  kl_loss_coef: { setting: 'training.kl_coefficient' },
  save_steps: {
    setting: 'training.checkpoint_every',
    note: '0 is at the end only',
    value(given, all) {
      if (given !== 0) return given;
      return all.get('max_steps') ?? new Problem('is 0, at the end only: expected max_steps beside it');
    },
  },
  save_top_k: { setting: 'training.save_top_k' },
  type: { setting: 'training.type' },
  age_tolerance: { setting: 'training.age_tolerance' },
  refit_freq: { setting: 'training.refit_freq' },
  lambda_concurrency_limit: {
    setting: 'judge.concurrency',
    note: 'here the judge is asked itself, not a function that asks it',
  },
  top_k: {
    only: [0, -1],
    note: 'all tokens are drawn from, so that probabilities are those that are learned from',
  },
  set_random_seed: { only: [true], note: 'everything random is drawn from `seed`' },
  shuffle: {
    note: 'tasks are shuffled anew in each epoch, by `seed`; AWS keeps their order where this is false',
  },
  loss_scale: { only: [1], note: 'AdamW learns as fast from a loss that is scaled' },
  adam_beta1: { only: [ADAMW_DEFAULTS.beta1] },
  adam_beta2: { only: [ADAMW_DEFAULTS.beta2] },
  max_length: {
    note: 'a prompt and its answer may have as many tokens as the model has positions; nothing is cut, longer ones are refused before the run',
  },
  max_prompt_length: { note: 'a prompt that leaves policy.max_tokens no room is refused before the run' },
  max_epochs: { note: 'training.steps × training.prompts_per_step / tasks of data.train' },
  reasoning_effort: { only: [null], note: 'a model of this machine reasons as its template has it' },
  proc_num: { note: 'the judge is asked by one process, as often at once as judge.concurrency lets it' },
  lambda_batch_size: { note: 'the judge is shown an answer, or a group, at a time' },
  generation_replicas: { note: 'one machine draws and learns' },
  rollout_worker_replicas: { note: 'one machine draws and learns' },
  preset_reward_function: { only: [null], note: 'judge and reward of touchstone.yaml' },
  test_steps: { note: 'the models are evaluated before and after training (evaluation)' },
  top_p: { only: [1], note: 'all tokens are drawn from' },
  top_logprobs: { note: 'the log-probability of every token is kept' },
  alpha: { note: 'every weight is trained; training.trl.lora trains adapters with TRL' },
  lora_plus_lr_ratio: { note: 'every weight is trained' },
};

/** What a key of AWS is here, where this version has it. */
export function meaningHere(key: OverrideName): Omit<Here, 'setting'> & { setting?: Setting } {
  const { setting, ...rest } = HERE[key];
  const found = setting === undefined ? undefined : settingsIn(configJsonSchema()).get(setting);
  return { ...rest, ...(found ? { setting: found } : {}) };
}

/** Settings of `touchstone.yaml` that a set of AWS's keys comes to. */
export interface FromAws {
  /** By their places. */
  settings: Map<string, JsonValue>;
  /** What is refused, in words. */
  problems: string[];
  /** What has no effect here, and why. */
  remarks: string[];
}

/** Keys of AWS's by any of their names, with the meaning that they have where the engine of this package trains. */
export function fromAws(given: Overrides): FromAws {
  const found: FromAws = { settings: new Map(), problems: [], remarks: [] };
  const all = new Map<OverrideName, JsonValue>();
  for (const [spelling, value] of Object.entries(given)) {
    const key = keyOf(spelling);
    if (key !== undefined && !KEYS[key].from) all.set(key as OverrideName, value);
    else {
      const meant = nearest(spelling, SPELLINGS);
      const hint = meant === undefined ? '' : `, did you mean "${meant}"?`;
      found.problems.push(`there is no key "${spelling}"${hint}`);
    }
  }
  for (const [key, value] of all) {
    const { setting, value: convert, only, note = '' } = meaningHere(key);
    const { type, limits = {} } = KEYS[key];
    const why = note === '' ? '' : `: ${note}`;
    if (only) {
      if (only.includes(value)) found.remarks.push(`${key} is what it always is here${why}`);
      else
        found.problems.push(
          `${key} is ${JSON.stringify(value)}: expected ${only.map((one) => JSON.stringify(one)).join(' or ')}${why}`,
        );
    } else if (!isOfType(type, limits, value) || !isWithin(limits, value)) {
      found.problems.push(`${key} is ${JSON.stringify(value)}: expected ${describe(type, limits)}`);
    } else if (!setting) {
      found.remarks.push(`${key} has no effect here${why}`);
    } else {
      const made = convert?.(value, all) ?? value;
      if (made instanceof Problem) found.problems.push(`${key} ${made.text}`);
      else found.settings.set(setting.path, made);
    }
  }
  return found;
}
