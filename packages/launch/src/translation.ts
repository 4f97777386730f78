import {
  hasSetting,
  type AnyTrainingOptions,
  type Config,
  type Counterpart,
  type TrainingJob,
} from '@touchstone/run';

/*
 * Settings of a configuration as a trainer has them. A backend's tables must name every key of `policy:`, `training:` and
 * `reward.abstention:`: one that is new does not compile until they do.
 */

/** A configuration as tables read it: a setting that only other algorithms have is not asked about. */
export type AnyConfig = Omit<Config, 'training'> & { training: AnyTrainingOptions };

/** What a trainer makes of a setting. @typeParam T what it is called there, and a note. */
export type Translate<T> = (config: AnyConfig, job: Pick<TrainingJob, 'adamw'>) => T;

export interface Tables<T> {
  policy: Record<keyof Config['policy'], Translate<T>>;
  training: Record<keyof AnyTrainingOptions, Translate<T>>;
  abstention: Record<keyof Config['reward']['abstention'], Translate<T>>;
  rest: Record<string, Translate<T>>;
}

/** Where another backend is and what it takes. */
export const ofAnotherBackend = () => ({ note: 'for another backend' });

/** What the engine of this package does alone; a configuration that asks it of another trainer is refused. */
const ofTheEmbeddedEngine = () => ({ note: 'for the embedded engine' });

/** How a model behind an API is asked, which these trainers do not train. */
export const ofAPolicyBehindAnApi = () => ({ note: 'for a policy behind an API' });

/** How answers are drawn ahead, where a trainer of this package does that. */
export const ofAsynchronous = () => ({ note: 'for training.type off_policy_async' });

/** Why `training.type` cannot be had from a trainer, in words; null: it can. @param trainer what it does. */
export const asynchronousProblem = (
  { training }: Pick<Config, 'training'>,
  trainer: string,
): string | null =>
  training.type === 'synchronous'
    ? null
    : `training.type is ${training.type}, and ${trainer}: expected synchronous, or training.backend embedded`;

/** What a trainer does not have: of these it takes only what says nothing (`takesProblem`), and so nothing is said of them. */
export const saysNothing = () => ({ note: 'it says nothing' });

/** Rows of every table of another trainer: of what the engine of this package has alone. */
export const BEYOND_OTHERS = {
  deviation_floor: saysNothing,
  false_positive_rate: saysNothing,
  false_negative_rate: saysNothing,
  overlong_share: saysNothing,
  sampling_tries: saysNothing,
  margin: saysNothing,
  save_top_k: ofTheEmbeddedEngine,
  validation_tasks: ofTheEmbeddedEngine,
  patience: ofTheEmbeddedEngine,
};

/** Rows of a trainer that draws and learns by turns. */
export const BY_TURNS = {
  age_tolerance: ofAsynchronous,
  refit_freq: ofAsynchronous,
  importance_cap: ofAsynchronous,
};

/** The values that a trainer takes of settings that it does not have as the engine of this package has them. */
export type Takes = { readonly [K in keyof AnyTrainingOptions]?: readonly AnyTrainingOptions[K][] };

/** What it takes where it knows nothing of a judge's errors and draws what it is told to draw. */
export const NOTHING_BEYOND = {
  deviation_floor: [0],
  false_positive_rate: [0],
  false_negative_rate: [0],
  overlong_share: [0],
  sampling_tries: [0],
} as const satisfies Takes;

/** The first setting of which a trainer does not have the value, in words; null: none. @param trainer what it is called */
export function takesProblem(
  { training }: Pick<Config, 'training'>,
  trainer: string,
  takes: Takes,
): string | null {
  const given = training as Partial<AnyTrainingOptions>;
  for (const [key, values] of Object.entries(takes) as [keyof AnyTrainingOptions, readonly unknown[]][]) {
    if (!Object.hasOwn(given, key) || values.includes(given[key])) continue;
    const value: unknown = given[key];
    return (
      `training.${key as string} is ${typeof value === 'string' ? value : JSON.stringify(value)}, which ${trainer} does not have as it is meant here: ` +
      `expected ${values.join(' or ')}, or training.backend embedded`
    );
  }
  return null;
}

/** What a reader of a plan has no use for. */
const ELSEWHERE = [
  ofAnotherBackend,
  ofTheEmbeddedEngine,
  ofAPolicyBehindAnApi,
  ofAsynchronous,
  saysNothing,
].map((of) => of().note);

/** Settings of the user's with their values and translations. */
export function translated<T>(
  job: TrainingJob,
  tables: Tables<T>,
): { setting: string; value: unknown; translation: T }[] {
  const config = job.workspace.config as AnyConfig;
  const { algorithm } = config.training;
  const section = <K extends string>(
    name: string,
    table: Record<K, Translate<T>>,
    values: Partial<Record<K, unknown>>,
    has: (key: string) => boolean = () => true,
  ) =>
    (Object.keys(table) as K[]).filter(has).map((key) => ({
      setting: `${name}${key}`,
      value: values[key],
      translation: table[key](config, job),
    }));
  return [
    ...section('policy.', tables.policy, config.policy),
    ...section('training.', tables.training, config.training, (key) => hasSetting(algorithm, key)),
    ...section('reward.abstention.', tables.abstention, config.reward.abstention),
    ...section('', tables.rest, { ...config }),
  ];
}

/** What each setting of the user's became, without those that are for others. @param say what a translation is called there; nothing: it has no counterpart. */
export const counterpartsOf = <T extends { note?: string }>(
  job: TrainingJob,
  tables: Tables<T>,
  say: (translation: T) => string[],
): Counterpart[] =>
  translated(job, tables).flatMap(({ setting, value, translation: { note = '', ...rest }, translation }) => {
    if (ELSEWHERE.includes(note) && Object.keys(rest).length === 0) return [];
    const becomes = say(translation).join(', ');
    return [
      {
        setting,
        value: value === undefined ? 'not set' : JSON.stringify(value),
        becomes: becomes === '' ? null : becomes,
        note,
      },
    ];
  });
