import type { JsonValue } from '@touchstone/spec';

/** What a key of reinforcement fine-tuning in AWS may stand in. */
export const TARGETS = ['hyperpod', 'training-job', 'evaluation', 'serverless', 'bedrock'] as const;
/**
 * `hyperpod` and `training-job`: recipes that train. `evaluation`: the recipe of an RFT evaluation, on either.
 * `serverless`: HyperParameters of CreateTrainingJob. `bedrock`: `rftConfig.hyperParameters`.
 */
export type Target = (typeof TARGETS)[number];

/** How people call a target. */
export const TARGET_NAMES: Record<Target, string> = {
  hyperpod: "HyperPod's recipe",
  'training-job': "a training job's recipe",
  evaluation: 'the recipe of an evaluation',
  serverless: "SageMaker's serverless job",
  bedrock: 'Bedrock',
};

/** `lora`: adapters; `full`: every weight. */
export type Tuning = 'lora' | 'full';

/** What a job is made of, beside the keys that may be overridden. */
export interface NovaRecipeInput {
  platform: 'hyperpod' | 'training-job';
  /** `training` is the default. */
  purpose?: 'training' | 'evaluation';
  /** 1 to 63 letters, digits and hyphens. */
  name: string;
  /** What is trained or evaluated: Nova 2 Lite, or the S3 URI of a checkpoint of it. */
  model?: string;
  tuning?: Tuning;
  /** S3 URI of the JSONL. An evaluation as a training job takes it as a channel, not from the recipe. */
  data: string;
  /** S3 URI under which the job writes. A training job is told it by the request, not by the recipe. */
  output: string;
  /** ARN of the reward function. */
  rewardFunction: string;
  /** Instances that train (`run.replicas`); the default is the recipe's. */
  instances?: number;
  mlflow?: { trackingUri: string; experiment?: string; run?: string };
  /** Keys by their names in any recipe, whatever section they stand in. */
  overrides?: Overrides;
}

export type Overrides = Readonly<Record<string, JsonValue>>;

/** What a value may be; both ends belong to a range. */
export interface Limits {
  min?: number;
  max?: number;
  values?: readonly JsonValue[];
}

export interface Place {
  /** Sections and name, joined by dots. */
  path: string;
  /** As the public recipe has it, or the service; absent: written only where it is given. */
  default?: JsonValue;
  /** Refused outside. Default: the key's own, or else `hub`. */
  limits?: Limits;
  /** What the published template lets be overridden, under `name` there: both SDKs refuse the rest. */
  hub?: Limits & { name: string };
  /** The same for full-rank tuning, where it differs. */
  hubFull?: Limits;
  /** No such key in full-rank tuning. */
  loraOnly?: true;
  /**
   * Who alone knows of it: AWS's `documentation`, and no recipe of the public repository; or the `sdk`: SageMaker's sends a
   * serverless job any key of the training job's recipe, and AWS does not say that it is taken.
   */
  only?: 'documentation' | 'sdk';
}

export interface RecipeKey {
  type: 'integer' | 'float' | 'boolean' | 'text';
  about: string;
  /** Other names of it: of the hub's templates, of older recipes. */
  also?: readonly string[];
  /** It is no override: the job gives it. */
  from?: { field: keyof NovaRecipeInput; value: (input: NovaRecipeInput) => JsonValue | undefined };
  limits?: Limits;
  /** Where it is known; a target that is not here has no such thing. */
  in: Partial<Record<Target, Place>>;
  note?: string;
}
