import { nearest, parseModelId } from '@touchstone/core';
import type { Counterpart, TrainingJob } from '@touchstone/run';
import { InputError } from '@touchstone/spec';
import {
  BEYOND_OTHERS,
  BY_TURNS,
  counterpartsOf,
  ofAnotherBackend,
  saysNothing,
  takesProblem,
  type Tables,
} from '../../translation.js';
import { openWeightUrl, type OpenWeightJob } from '../jobs/index.js';
import { epochsOf, passesProblem } from '../recipes/passes.js';
import { ABSTENTION, TAKES } from '../recipes/settings.js';
import type { Account } from './account.js';

/*
 * What Bedrock's API for open-weight models makes of a configuration. It has three settings; all else AWS chooses. Every key of `training:` stands
 * here: one that is new does not compile until it does.
 */

interface Translation {
  /** What it is called there, with its value. */
  becomes?: string;
  note?: string;
}
type Settings = Pick<OpenWeightJob, 'model' | 'epochs' | 'batchSize' | 'learningRateMultiplier'>;

const OVERRIDES = 'training.aws.overrides';
const MULTIPLIER = 'learning_rate_multiplier';
const AT_AWS = 'AWS has no setting of it';

const tablesOf = ({ model, epochs, batchSize }: Settings): Tables<Translation> => ({
  policy: {
    model: () => ({ becomes: `model = "${model}"`, note: 'what comes out is asked at the same address' }),
    max_tokens: () => ({ note: 'AWS does not say how long its answers may be; the evaluations keep to it' }),
    temperature: () => ({ note: 'AWS does not say what it draws at; the evaluations keep to it' }),
    calls: () => ({ becomes: 'the endpoint', note: 'and how the model is asked where it is evaluated' }),
  },
  training: {
    backend: () => ({ becomes: 'method.type = "reinforcement"' }),
    algorithm: () => ({
      note: 'AWS calls its own GRPO: it compares the answers to a prompt with one another, and does not say how it weighs tokens',
    }),
    steps: () => ({
      becomes: `hyperparameters.n_epochs = ${epochs}`,
      note: 'Bedrock counts passes over the data',
    }),
    prompts_per_step: () => ({
      becomes: `hyperparameters.batch_size = ${batchSize}`,
      note: "in prompts, as AWS's examples say",
    }),
    group_size: () => ({ note: 'AWS does not say how many answers it draws to a prompt' }),
    learning_rate: () => ({
      note: `there is only a multiplier of a rate that AWS does not name: ${OVERRIDES}.${MULTIPLIER}`,
    }),
    warmup_steps: () => ({ note: AT_AWS }),
    weight_decay: () => ({ note: AT_AWS }),
    max_grad_norm: () => ({ note: AT_AWS }),
    clip_low: () => ({ note: AT_AWS }),
    clip_high: () => ({ note: AT_AWS }),
    deviation: () => ({ note: 'AWS does not say how it scales advantages' }),
    ratio_cap: saysNothing,
    kl_estimator: () => ({ note: AT_AWS }),
    kl_coefficient: () => ({ note: AT_AWS }),
    entropy_coefficient: () => ({ note: AT_AWS }),
    updates_per_step: () => ({ note: AT_AWS }),
    type: () => ({ note: AT_AWS }),
    ...BY_TURNS,
    ...BEYOND_OTHERS,
    checkpoint_every: () => ({ note: 'AWS makes checkpoints when it likes' }),
    sft: () => ({ note: 'not done there' }),
    trl: ofAnotherBackend,
    verl: ofAnotherBackend,
    openrlhf: ofAnotherBackend,
    ray: ofAnotherBackend,
    aws: () => ({ becomes: 'the job', note: 'and its overrides' }),
  },
  abstention: {
    policy: (config, job) => said(ABSTENTION.policy(config, job)),
    limit: (config, job) => said(ABSTENTION.limit(config, job)),
  },
  rest: { seed: () => ({ note: AT_AWS }), engine: () => ({ note: 'AWS trains' }) },
});

const said = ({ here, note }: { here?: string; note?: string }): Translation => ({
  ...(here === undefined ? {} : { becomes: here }),
  ...(note === undefined ? {} : { note }),
});

/** What each setting of the user's became, and the one override that there is. */
export function openWeightCounterparts(job: TrainingJob, { overrides }: Account): Counterpart[] {
  const { learningRateMultiplier: multiplier, ...settings } = openWeightSettings(job);
  return [
    ...counterpartsOf(job, tablesOf(settings), ({ becomes }) => (becomes === undefined ? [] : [becomes])),
    ...(multiplier === undefined
      ? []
      : [
          {
            setting: `${OVERRIDES}.${MULTIPLIER}`,
            value: JSON.stringify(overrides[MULTIPLIER]),
            becomes: `hyperparameters.${MULTIPLIER} = ${multiplier}`,
            note: 'of a rate that AWS does not name',
          },
        ]),
  ];
}

/**
 * What of a configuration the job is told.
 *
 * @throws {InputError} that names each setting that the API cannot have.
 */
export function openWeightSettings(job: Pick<TrainingJob, 'workspace'>): Settings {
  const { policy, training } = job.workspace.config;
  const problems = problemsOf(job);
  if (problems.length > 0) throw new InputError(problems.map((message) => ({ message })));
  const multiplier = training.aws?.overrides[MULTIPLIER] as number | undefined;
  return {
    model: parseModelId(policy.model).name,
    epochs: epochsOf(job),
    batchSize: training.prompts_per_step,
    ...(multiplier === undefined ? {} : { learningRateMultiplier: multiplier }),
  };
}

/** Keys of `training.aws` that this API has nothing for: what somebody has set there would not hold. */
const NOTHING_FOR = ['base', 'image', 'instances', 'kms_key', 'vpc', 'mlflow'] as const;

function problemsOf(job: Pick<TrainingJob, 'workspace'>): string[] {
  const { policy, training } = job.workspace.config;
  const { aws, backend } = training;
  if (!aws) return [];
  const endpoint = openWeightUrl(aws.region);
  const passes = passesProblem(job, {});
  const takes = takesProblem({ training }, backend, { ...TAKES, kl_coefficient: [0] });
  return [
    ...(parseModelId(policy.model).provider.name === 'openai-compatible'
      ? []
      : [
          `policy.model is ${policy.model}: ${backend} trains a model that it serves itself; expected openai-compatible:NAME, such as openai-compatible:openai.gpt-oss-20b`,
        ]),
    ...(policy.calls?.base_url?.replace(/\/+$/, '') === endpoint
      ? []
      : [
          `policy.calls.base_url is ${policy.calls?.base_url ?? 'not set'}: the base and what comes out of it are asked where the job is, ${endpoint}`,
        ]),
    ...(takes === null ? [] : [takes]),
    ...(passes === null ? [] : [passes]),
    ...NOTHING_FOR.filter((key) => aws[key] !== undefined).map(
      (key) => `training.aws.${key}: ${backend} has no such thing: leave it out`,
    ),
    ...(Object.keys(aws.tags).length > 0 ? [`training.aws.tags: ${backend} takes none: leave them out`] : []),
    ...Object.entries(aws.overrides).flatMap(([key, value]) => overrideProblem(key, value)),
  ];
}

const DECIDED: Readonly<Record<string, string>> = {
  n_epochs: 'training.steps and prompts_per_step',
  batch_size: 'training.prompts_per_step',
};

function overrideProblem(key: string, value: unknown): string[] {
  const by = DECIDED[key];
  if (by !== undefined) return [`${OVERRIDES}: ${key} is decided by ${by}: say it there`];
  if (key !== MULTIPLIER) {
    const meant = nearest(key, [MULTIPLIER, ...Object.keys(DECIDED)]);
    return [
      `${OVERRIDES}: ${key}: this API has no such key${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    ];
  }
  return typeof value === 'number' && Number.isFinite(value) && value > 0
    ? []
    : [`${OVERRIDES}: ${key} is ${JSON.stringify(value)}: expected a number above 0`];
}
