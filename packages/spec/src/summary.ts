import { z } from 'zod';

/** A mean with its interval. `n` is the number of units that were resampled (tasks, unless said otherwise). */
export const estimateSchema = z.strictObject({
  mean: z.number(),
  low: z.number(),
  high: z.number(),
  n: z.int().nonnegative(),
});
export type Estimate = z.infer<typeof estimateSchema>;

const modelSchema = z.strictObject({
  /** Mean judge score on the held-out split, 0–1. */
  judge_score: estimateSchema.nullable(),
  /** The same answers scored by a judge that training never saw. */
  heldout_judge_score: estimateSchema.nullable(),
  /** Share of answers that are valid under the task's JSON Schema. */
  json_valid: estimateSchema.nullable(),
  /** Score against ground truth, where the data has it. */
  truth_score: estimateSchema.nullable(),
  /** Judge score of the best of k sampled answers. */
  best_of_k: estimateSchema.nullable(),
  /** Each criterion of the judge, each check of the reward. */
  components: z.record(z.string(), estimateSchema),
  mean_tokens: z.number(),
  abstained: z.int(),
});
export type ModelSummary = z.infer<typeof modelSchema>;

const comparisonSchema = z.strictObject({
  metric: z.string(),
  /** The difference is `better` minus `baseline`, paired by task. */
  better: z.string(),
  baseline: z.string(),
  difference: estimateSchema,
});

const judgeCheckSchema = z.strictObject({
  name: z.string(),
  /** What the number is, in a sentence. */
  description: z.string(),
  estimate: estimateSchema.nullable(),
  /** The bound that `gate:` sets on the interval's lower (or upper) end. */
  threshold: z.strictObject({ bound: z.enum(['min', 'max']), value: z.number() }).nullable(),
  outcome: z.enum(['pass', 'fail', 'insufficient-data', 'reported']),
});
export type JudgeCheck = z.infer<typeof judgeCheckSchema>;

const exampleSchema = z.strictObject({
  task: z.string(),
  document: z.string(),
  reference: z.string(),
  answers: z.array(
    z.strictObject({
      model: z.string(),
      response: z.string(),
      score: z.number().nullable(),
      truth: z.number().nullable(),
      /** Verbatim quotes of the document found in the answer. */
      quotes: z.array(z.string()),
      verdicts: z.array(
        z.strictObject({
          item: z.int().nullable(),
          criterion: z.string(),
          value: z.number(),
          score: z.number(),
          evidence: z.string(),
          reason: z.string(),
        }),
      ),
      note: z.string(),
    }),
  ),
});
export type Example = z.infer<typeof exampleSchema>;

/** Every figure of a run: what the report draws and what other programs read. */
export const summarySchema = z.strictObject({
  version: z.literal(1),
  name: z.string(),
  seed: z.int(),
  created: z.string(),
  versions: z.record(z.string(), z.string()),
  data: z.strictObject({
    train_tasks: z.int(),
    eval_tasks: z.int(),
    labelled: z.int(),
  }),
  models: z.record(z.string(), modelSchema),
  comparisons: z.array(comparisonSchema),
  judge: z.strictObject({
    id: z.string(),
    fingerprint: z.string(),
    heldout_id: z.string().nullable(),
    heldout_fingerprint: z.string().nullable(),
    calls: z.int(),
    saved: z.int(),
    abstained: z.int(),
    abstentions: z.record(z.string(), z.int()),
    input_tokens: z.int(),
    output_tokens: z.int(),
    money: z.number(),
    /** Agreement of the judge's pass/fail with ground truth on the held-out answers. */
    truth_agreement: estimateSchema.nullable(),
    checks: z.array(judgeCheckSchema),
    gate: z.enum(['passed', 'failed', 'overridden', 'not-set']),
    override_reason: z.string().nullable(),
  }),
  training: z.strictObject({
    algorithm: z.string(),
    steps: z.int(),
    rollouts: z.int(),
    abstained: z.int(),
    zero_variance_groups: z.int(),
    tokens: z.int(),
    tokens_per_second: z.number(),
    wall_seconds: z.number(),
    sft: z
      .strictObject({
        steps: z.int(),
        best_step: z.int(),
        examples: z.int(),
        validation_loss: z.number(),
        wall_seconds: z.number(),
      })
      .nullable(),
  }),
  /** One entry a training step, in order. */
  steps: z.array(
    z.strictObject({
      step: z.int(),
      reward: z.number().nullable(),
      reward_low: z.number().nullable(),
      reward_high: z.number().nullable(),
      components: z.record(z.string(), z.number()),
      loss: z.number(),
      kl: z.number().nullable(),
      clip_fraction: z.number(),
      grad_norm: z.number(),
      response_tokens: z.number(),
      zero_variance: z.number(),
      abstained: z.int(),
      seconds: z.number(),
    }),
  ),
  examples: z.array(exampleSchema),
  stages: z.array(z.strictObject({ name: z.string(), seconds: z.number() })),
});
export type Summary = z.infer<typeof summarySchema>;
export type StepSummary = Summary['steps'][number];
export type Comparison = Summary['comparisons'][number];
