import bytes from 'bytes';
import { z } from 'zod';
import { PROVIDERS } from '@touchstone/engine/settings';
import { ALGORITHMS, type AlgorithmName } from './algorithms/index.js';
import { asynchronousSettings } from './asynchronous/settings.js';
import { awsTrainingSchema } from './aws-schema.js';
import { raySchema } from './ray-schema.js';

export { scheduleProblem } from './asynchronous/schedule.js';
export { ALGORITHMS };

const count = z.int().min(1);
const positive = z.number().positive();

/** How answers are drawn from the policy: part of `policy:`. */
export const samplingSchema = z.strictObject({
  max_tokens: count.default(512).describe('Tokens an answer may have; longer ones are cut'),
  temperature: z
    .number()
    .min(0)
    .default(1)
    .describe('Sampling temperature of rollouts; 0 is greedy and cannot be trained'),
});
export type SamplingOptions = z.output<typeof samplingSchema>;

/** `engine:`, how models of this machine share it with others. */
export const engineSchema = z.strictObject({
  memory: z
    .string()
    .regex(/^\d+(\.\d+)? ?[MGT]B$/i, 'expected a size such as 512MB or 4GB')
    .transform((text) => bytes.parse(text.replace(' ', ''))!)
    .optional()
    .describe(
      'Memory that training and decoding may take, weights included, such as 4GB: what is computed together is chosen by it. ' +
        'Default: three quarters of what is free when the run begins; the run keeps to it when it is resumed',
    ),
  threads: count
    .max(1024)
    .optional()
    .describe(
      'Cores that models of this machine are computed on; all by default. Fewer leave room for others',
    ),
  provider: z
    .enum(PROVIDERS)
    .default('cpu')
    .describe(
      'What training computes with, where ONNX Runtime and the machine have it; it is tried before anything else. Answers are always drawn on the CPU',
    ),
});

/** Supervised fine-tuning on `data.annotations`, before reinforcement. */
const sftSchema = z.strictObject({
  steps: count
    .default(200)
    .describe(
      'Optimiser steps at least; it goes on for as long as reinforcement took while it still gets better, and keeps the step with the best validation loss',
    ),
  batch_size: count.default(16).describe('Annotations per step'),
  learning_rate: positive.default(1e-5).describe('Peak learning rate of AdamW'),
  validation_share: z
    .number()
    .min(0)
    .lt(1)
    .default(0.1)
    .describe('Share of the annotations held back to choose the best step; at least one is'),
  evaluate_every: count.default(20).describe('Steps between two looks at the validation loss'),
  patience: count
    .default(5)
    .describe('Looks in a row without a better validation loss after which it ends, once its steps are done'),
});
export type SftOptions = z.output<typeof sftSchema>;

/** Who computes the gradients: the engine of this package, or a trainer of somebody else's, which the room `launch` knows. */
export const BACKENDS = [
  'embedded',
  'trl',
  'verl',
  'openrlhf',
  'sagemaker-nova',
  'sagemaker-serverless',
  'bedrock',
  'bedrock-open-weight',
] as const;
export type BackendName = (typeof BACKENDS)[number];

/** Those of a cloud service, which train models that they have there and show figures, not answers. */
const HOSTED_BACKENDS: readonly BackendName[] = [
  'sagemaker-nova',
  'sagemaker-serverless',
  'bedrock',
  'bedrock-open-weight',
];
export const isHosted = (name: BackendName): boolean => HOSTED_BACKENDS.includes(name);

/**
 * `training.trl.lora`. No dropout: answers would be drawn from another policy than the one whose gradient is taken. No choice of
 * matrices: all but the embeddings and the head, which TRL cannot train so.
 */
const loraSchema = z.strictObject({
  rank: count.describe('Rank of the two matrices beside each linear layer, such as 16'),
  alpha: count
    .optional()
    .describe('What the adapter says counts alpha / rank times. Default: twice the rank'),
});

/** `training.trl`: how TRL is run on this machine. What it comes to is the same for all of these but `lora`. */
const trlSchema = z.strictObject({
  python: z
    .string()
    .min(1)
    .default('python3')
    .describe(
      'The Python in which trl is installed: a name that is on the PATH, or a path, relative to this file',
    ),
  micro_batch: count
    .optional()
    .describe(
      'Answers whose gradients are computed at once: fewer take less memory, and the update is the same. Default: group_size',
    ),
  lora: loraSchema
    .optional()
    .describe(
      'Train a LoRA adapter in place of the weights themselves, and merge it at the end. It wants about ten times the learning_rate',
    ),
});

/** `training.openrlhf`: how OpenRLHF is run. What it comes to is the same for all of these, but for rounding. */
const openrlhfSchema = z.strictObject({
  python: z
    .string()
    .min(1)
    .default('python3')
    .describe(
      'The Python in which openrlhf is installed: a name that is on the PATH, or a path, relative to this file',
    ),
  nodes: count.default(1).describe('Machines that train and draw'),
  gpus_per_node: count.default(1).describe('GPUs that it takes on each of them'),
  tensor_parallel: count
    .default(1)
    .describe('GPUs that draw as one, for models that one GPU does not hold; a divisor of gpus_per_node'),
  micro_batch: count
    .default(1)
    .describe(
      'Answers whose gradients a GPU computes at once: more take more memory, and the update is the same',
    ),
});

/** `training.verl`: how much of a Ray cluster verl takes, and what else is its own. */
const verlSchema = z.strictObject({
  python: z
    .string()
    .min(1)
    .default('python3')
    .describe(
      'The Python of the cluster in which verl is installed: a name on the PATH there, or a path there',
    ),
  nodes: count.default(1).describe('Machines of the cluster that verl trains on'),
  gpus_per_node: count.default(1).describe('GPUs that it takes on each of them'),
  tensor_parallel: count.default(1).describe('GPUs that share a model while answers are drawn'),
  rollout: z.enum(['vllm', 'sglang']).default('vllm').describe('What draws the answers'),
  overrides: z
    .record(
      z
        .string()
        .regex(
          /^[a-z_]\w*(\.\w+)*$/i,
          'expected a key such as actor_rollout_ref.rollout.gpu_memory_utilization',
        ),
      z.json(),
    )
    .default({})
    .describe(
      "Other keys of verl's configuration, by their full names; one that a setting of this file decides is refused",
    ),
});

type Definition = (typeof ALGORITHMS)[number];

/** Tasks that checkpoints are scored on, where nothing is said. */
export const VALIDATION_TASKS = 32;

/** `training:` for one algorithm: what every algorithm has, and its own settings. */
const trainingWith = <D extends Definition, Name extends z.ZodType>(
  { description, settings }: D,
  name: Name,
) =>
  z.strictObject({
    backend: z
      .enum(BACKENDS)
      .default('embedded')
      .describe(
        'Who computes the gradients: embedded is the engine of this package; trl is TRL, in a Python of yours (training.trl); ' +
          'verl is verl, on a Ray cluster (training.verl, training.ray); openrlhf is OpenRLHF on GPUs (training.openrlhf); sagemaker-nova, sagemaker-serverless, bedrock and bedrock-open-weight are jobs of AWS (training.aws)',
      ),
    algorithm: name.describe(description),
    steps: count.default(100).describe('Training steps; each samples, scores and updates'),
    prompts_per_step: count.default(16).describe('Tasks that are sampled in a step'),
    group_size: z.int().min(2).default(8).describe('Answers per task; they are compared with one another'),
    learning_rate: positive
      .default(1e-6)
      .describe('Peak learning rate of AdamW; small models want more, say 3e-4'),
    warmup_steps: z.int().min(0).default(0).describe('Steps over which the learning rate rises from 0'),
    weight_decay: z.number().min(0).default(0).describe('Decoupled weight decay of AdamW'),
    max_grad_norm: positive.default(1).describe('Gradients are scaled down to this norm'),
    ...(settings as D['settings']),
    updates_per_step: count.default(1).describe('Optimiser updates on the rollouts of one step'),
    ...asynchronousSettings,
    checkpoint_every: count
      .default(10)
      .describe('Steps between checkpoints; a killed run goes on from the last one'),
    save_top_k: count
      .optional()
      .describe(
        'Checkpoints that are kept beside the newest two, by their score on validation_tasks: then the best of them is the result, by an honest rule, and not the last step',
      ),
    validation_tasks: z
      .int()
      .min(2)
      .optional()
      .describe(
        `With save_top_k: tasks of data.train that are not trained on; every checkpoint answers them, and the held-out judge (the judge, without one) scores them. Default: ${VALIDATION_TASKS}`,
      ),
    patience: count
      .optional()
      .describe(
        'With save_top_k: checkpoints in a row without a higher score after which training ends before its last step',
      ),
    sft: sftSchema.optional().describe('Supervised fine-tuning on data.annotations before reinforcement'),
    trl: trlSchema.prefault({}).describe('Where TRL is, when it trains'),
    openrlhf: openrlhfSchema.prefault({}).describe('Where OpenRLHF is and what it takes, when it trains'),
    verl: verlSchema.prefault({}).describe('What verl takes of the cluster, when it trains'),
    ray: raySchema
      .optional()
      .describe(
        'A Ray cluster to train on, which sees the folder of the run; without it the trainer runs on this machine',
      ),
    aws: awsTrainingSchema
      .optional()
      .describe(
        'The AWS account to train in, for sagemaker-nova, sagemaker-serverless, bedrock and bedrock-open-weight',
      ),
  });

const [first, ...others] = ALGORITHMS;
/** Which settings go with which name: a map over a tuple gives a list that has forgotten it. */
type Variants<Table> = {
  [I in keyof Table]: Table[I] extends Definition
    ? ReturnType<typeof trainingWith<Table[I], z.ZodLiteral<Table[I]['name']>>>
    : never;
};
/** `training:`: reinforcement fine-tuning. A key of another algorithm is refused. */
export const trainingSchema = z.discriminatedUnion('algorithm', [
  trainingWith(first, z.literal(first.name).default(first.name)),
  ...(others.map((other: Definition) => trainingWith(other, z.literal(other.name))) as unknown as Variants<
    typeof others
  >),
]);
export type TrainingOptions = z.output<typeof trainingSchema>;

type KeyOf<T> = T extends T ? keyof T : never;
type ValueOf<T, K> = T extends T ? (K extends keyof T ? T[K] : never) : never;
/** `training:` with the settings of every algorithm. Which of them are there, `hasSetting` says. */
export type AnyTrainingOptions = { [K in KeyOf<TrainingOptions>]: ValueOf<TrainingOptions, K> };

/** Whether an algorithm may have a setting: all may, unless it is one that only others have. */
export function hasSetting(algorithm: AlgorithmName, key: string): boolean {
  const having = ALGORITHMS.filter(({ settings }) => Object.hasOwn(settings, key));
  return having.length === 0 || having.some(({ name }) => name === algorithm);
}

/** Settings of AdamW that every kind of training shares. */
export type OptimizerOptions = Pick<TrainingOptions, 'weight_decay' | 'max_grad_norm'>;
