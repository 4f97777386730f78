import type { Config } from '@touchstone/run';
import type { JsonValue } from '@touchstone/spec';
import { NOTHING_BEYOND, type Tables, type Takes } from '../translation.js';

/*
 * What verl makes of an algorithm and of what belongs to one.
 */

/** A setting in verl. */
export interface Translation {
  /** Keys of verl's configuration, by their full names. */
  keys?: Record<string, JsonValue>;
  /** In place of keys: what is done with it here. */
  here?: string;
  note?: string;
}

export const ACTOR = 'actor_rollout_ref.actor';
/** verl's loss has a second clip below, at this ratio; Touchstone's has none. */
const NO_DUAL_CLIP = 1e9;

/** What verl has as it is meant here. */
export const TAKES: Takes = {
  algorithm: ['grpo', 'dr-grpo', 'dapo', 'gspo', 'cispo'],
  deviation: ['group', 'none'],
  ...NOTHING_BEYOND,
};

/** By algorithm, how verl adds tokens up; the mean over all tokens otherwise. */
const AGGREGATION: Partial<Record<Config['training']['algorithm'], string>> = {
  'dr-grpo': 'seq-mean-token-sum-norm',
  gspo: 'seq-mean-token-mean',
};
/** By algorithm, verl's loss; that of PPO otherwise. */
const LOSSES: Partial<Record<Config['training']['algorithm'], string>> = { gspo: 'gspo', cispo: 'cispo' };
const KL_TYPES = { k1: 'kl', k2: 'mse', k3: 'low_var_kl' };

/** Settings that decide what the loss is. */
export const ALGORITHM: Pick<
  Tables<Translation>['training'],
  | 'algorithm'
  | 'clip_low'
  | 'clip_high'
  | 'ratio_cap'
  | 'deviation'
  | 'kl_estimator'
  | 'entropy_coefficient'
  | 'kl_coefficient'
> = {
  algorithm: ({ training: { algorithm }, policy: { max_tokens } }) => ({
    keys: {
      'algorithm.adv_estimator': 'grpo',
      'algorithm.use_kl_in_reward': false,
      [`${ACTOR}.policy_loss.loss_mode`]: LOSSES[algorithm] ?? 'vanilla',
      [`${ACTOR}.loss_agg_mode`]: AGGREGATION[algorithm] ?? 'token-mean',
      [`${ACTOR}.clip_ratio_c`]: NO_DUAL_CLIP,
      ...(algorithm === 'dr-grpo'
        ? { [`${ACTOR}.loss_scale_factor`]: max_tokens, 'algorithm.norm_adv_by_std_in_grpo': false }
        : {}),
    },
    note: 'answers without a verdict still count in what the loss is divided by. No correction for what differs between the two engines of verl',
  }),
  clip_low: ({ training: { clip_low } }) => ({
    keys: { [`${ACTOR}.clip_ratio`]: clip_low, [`${ACTOR}.clip_ratio_low`]: clip_low },
  }),
  clip_high: ({ training: { clip_high } }) => ({ keys: { [`${ACTOR}.clip_ratio_high`]: clip_high } }),
  ratio_cap: ({ training: { ratio_cap } }) => ({
    keys: {
      [`${ACTOR}.clip_ratio`]: 1,
      [`${ACTOR}.clip_ratio_low`]: 1,
      [`${ACTOR}.clip_ratio_high`]: ratio_cap - 1,
    },
    note: 'verl cuts below too: from 0 on, that is nothing',
  }),
  deviation: ({ training: { deviation } }) => ({
    keys: { 'algorithm.norm_adv_by_std_in_grpo': deviation === 'group' },
  }),
  kl_estimator: () => ({ here: `${ACTOR}.kl_loss_type`, note: 'with kl_coefficient' }),
  entropy_coefficient: ({ training: { entropy_coefficient } }) => ({
    keys: { [`${ACTOR}.entropy_coeff`]: entropy_coefficient },
  }),
  kl_coefficient: ({ training: { kl_coefficient, kl_estimator } }) => ({
    keys:
      kl_coefficient === 0
        ? { [`${ACTOR}.use_kl_loss`]: false }
        : {
            [`${ACTOR}.use_kl_loss`]: true,
            [`${ACTOR}.kl_loss_coef`]: kl_coefficient,
            [`${ACTOR}.kl_loss_type`]: KL_TYPES[kl_estimator],
          },
    note: 'the same estimator; verl measures it to answers without a verdict too, and clamps that of a token at 10',
  }),
};
