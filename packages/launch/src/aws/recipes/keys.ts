import { JOB_KEYS } from './job-keys.js';
import type { RecipeKey } from './key.js';
import { ROLLOUT_KEYS } from './rollout-keys.js';
import { TRAINER_KEYS } from './trainer-keys.js';

/*
 * Every key of reinforcement fine-tuning of Amazon Nova, once: what is validated, rendered, translated and documented reads
 * this table. Defaults are those of the public recipes of Nova 2 Lite (aws/sagemaker-hyperpod-recipes of June 2026) and of
 * Bedrock's RFTHyperParameters; limits are those of the recipes' comments and AWS's documentation; `hub` are those of
 * `nova_recipe_template_parameters.json`, which the Python SDKs check.
 */

export type OverrideName = keyof typeof ROLLOUT_KEYS | keyof typeof TRAINER_KEYS;
export type KeyName = keyof typeof JOB_KEYS | OverrideName;

export const KEYS: Readonly<Record<KeyName, RecipeKey>> = { ...JOB_KEYS, ...ROLLOUT_KEYS, ...TRAINER_KEYS };
export const KEY_NAMES = Object.keys(KEYS) as KeyName[];

/** The key that each name means, by every name there is for it. */
const BY_SPELLING: ReadonlyMap<string, KeyName> = new Map(
  KEY_NAMES.flatMap((name) =>
    [name, ...(KEYS[name].also ?? [])].map((spelling) => [spelling, name] as const),
  ),
);
/** Names that an override may have. */
export const SPELLINGS: readonly string[] = [...BY_SPELLING].flatMap(([spelling, name]) =>
  KEYS[name].from === undefined ? [spelling] : [],
);

/** The key that is called so in any recipe, hub or request; undefined: there is none. */
export const keyOf = (spelling: string): KeyName | undefined => BY_SPELLING.get(spelling);
