import type { Config, Counterpart, TrainingJob } from '@touchstone/run';

/*
 * Settings of a configuration as a trainer has them. A backend's tables must name every key of `policy:`, `training:` and
 * `reward.abstention:`: one that is new does not compile until they do.
 */

/** What a trainer makes of a setting. @typeParam T what it is called there, and a note. */
export type Translate<T> = (config: Config, job: Pick<TrainingJob, 'adamw'>) => T;

export interface Tables<T> {
  policy: Record<keyof Config['policy'], Translate<T>>;
  training: Record<keyof Config['training'], Translate<T>>;
  abstention: Record<keyof Config['reward']['abstention'], Translate<T>>;
  rest: Record<string, Translate<T>>;
}

/** Where another backend is and what it takes. */
export const ofAnotherBackend = () => ({ note: 'for another backend' });

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

/** What a reader of a plan has no use for. */
const ELSEWHERE = [ofAnotherBackend().note, ofAPolicyBehindAnApi().note, ofAsynchronous().note];

/** Settings of the user's with their values and translations. */
export function translated<T>(
  job: TrainingJob,
  tables: Tables<T>,
): { setting: string; value: unknown; translation: T }[] {
  const { config } = job.workspace;
  const section = <K extends string>(
    name: string,
    table: Record<K, Translate<T>>,
    values: Partial<Record<K, unknown>>,
  ) =>
    (Object.keys(table) as K[]).map((key) => ({
      setting: `${name}${key}`,
      value: values[key],
      translation: table[key](config, job),
    }));
  return [
    ...section('policy.', tables.policy, config.policy),
    ...section('training.', tables.training, config.training),
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
