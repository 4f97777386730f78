import type { Limits, Place } from './key.js';

/** Sections of the two training recipes. */
export const CONFIG = 'training_config';
export const ROLLOUT = `${CONFIG}.rollout`;
export const GENERATOR = `${ROLLOUT}.generator`;
export const ENDPOINT = `${ROLLOUT}.rewards.api_endpoint`;
export const TRAINER = `${CONFIG}.trainer`;
export const OPTIMIZER = `${TRAINER}.optim_config`;
export const LORA = `${TRAINER}.peft.lora_tuning`;

export const SHARE: Limits = { min: 0, max: 1 };

/** What the hub's template calls a key, and takes. */
export const hub = (name: string, limits: Limits = {}): Pick<Place, 'hub'> => ({ hub: { name, ...limits } });

/** A place that both training recipes have alike but for the default. */
export const training = (
  path: string,
  hyperpod: Place['default'],
  job: Place['default'],
  more: Partial<Place> = {},
): { hyperpod: Place; 'training-job': Place } => {
  const place = (value: Place['default']): Place => ({
    path,
    ...(value === undefined ? {} : { default: value }),
    ...more,
  });
  return { hyperpod: place(hyperpod), 'training-job': place(job) };
};

/** A key that SageMaker's Python SDK sends a serverless job where it is given. */
export const sentBySdk = (path: string): { serverless: Place } => ({ serverless: { path, only: 'sdk' } });
