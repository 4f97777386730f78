import { z } from 'zod';
import { estimateSchema } from './estimate.js';

/** Rises when a reader of older files would misread a newer one. */
export const ALIGNMENT_SUMMARY_VERSION = 1;

/** What a criterion is to a metric. */
export const CRITERION_NAMES = ['useful', 'redundant', 'useless', 'harmful', 'not known yet'] as const;
export type CriterionName = (typeof CRITERION_NAMES)[number];
const nameSchema = z.enum(CRITERION_NAMES);

const estimate = estimateSchema.nullable();

/** What is said of one criterion and one metric. Every correlation is in the metric's direction: above 0, what the judge likes goes with what the product wants. */
const alignmentCellSchema = z.strictObject({
  criterion: z.string(),
  metric: z.string(),
  /** Answers that have a verdict and an outcome, and the tasks that they are of. */
  answers: z.int(),
  tasks: z.int(),
  name: nameSchema,
  /** The criteria that it is redundant with; of more than one, with all of them together. */
  redundant_with: z.array(z.string()),
  /** Spearman's correlation of the answers, by itself: 95 % over tasks. */
  spearman: estimate,
  /** The same with the answer's length and the metric's fields held constant. Its interval holds for all cells at once; the name is made of it. */
  partial: estimate,
  /** From where to where `partial` is taken for nothing. */
  margin: z.strictObject({ low: z.number(), high: z.number() }).nullable(),
  /** Of a Boolean metric: Pearson's correlation with it, and the area under the ROC curve. */
  point_biserial: estimate,
  area_under_curve: estimate,
  /** `spearman` as it would be without the noise of the judge and of the metric. Never beyond ±1: `capped` says that it came to more. */
  disattenuated: z.strictObject({ ...estimateSchema.shape, capped: z.boolean() }).nullable(),
  /** Spearman's correlation within each value of a field; the intervals of one field hold at once. */
  segments: z.array(z.strictObject({ field: z.string(), value: z.string(), spearman: estimateSchema })),
  /** Of means by variant; null with fewer than two variants. */
  variants: z
    .strictObject({
      variants: z.int(),
      /** Kendall's τ_b of the variants' means; null with fewer than four. */
      tau: estimate,
      /** Share of pairs of variants between which both means move the same way; where the judge's does not move, half. */
      agreement: estimate,
      /** What was drawn again for these two intervals. */
      over: z.enum(['variants and answers', 'answers']),
    })
    .nullable(),
  /** Answers with which the name would be known: a smallest useful correlation told from 0, or shown to be none. Null where it is known, or cannot be. */
  answers_needed: z
    .strictObject({
      useful: z.int(),
      useless: z.int(),
      /** From where to where the latter may be: the pilot's answers say only about how much alike answers are. */
      useless_low: z.int(),
      useless_high: z.int(),
    })
    .nullable(),
  /** What somebody should know of it. */
  notes: z.array(z.string()),
});
export type AlignmentCell = z.infer<typeof alignmentCellSchema>;

/** The lowest score of the judge from which on answers succeed often enough. */
const cutoffSchema = z.strictObject({
  /** Share of the answers that pass which must succeed. */
  target: z.number(),
  /** Answers with a score of at least this pass, 0–1; null: none is shown to do. */
  score: z.number().nullable(),
  /** Share of the answers that pass which succeed: with a lower end that holds for all scores that were tried. */
  precision: estimate,
  /** Share of the successes that pass. */
  sensitivity: estimate,
  /** Share of all answers that succeed. */
  base_rate: estimate,
});
export type AlignmentCutoff = z.infer<typeof cutoffSchema>;

/**
 * How far the judge's criteria go with the metrics of production: `alignment.json`.
 */
export const alignmentSummarySchema = z.strictObject({
  /** Tells it from other summaries. */
  kind: z.literal('alignment'),
  version: z.literal(ALIGNMENT_SUMMARY_VERSION),
  name: z.string(),
  created: z.string(),
  versions: z.record(z.string(), z.string()),
  seed: z.int(),
  judge: z.strictObject({ id: z.string(), fingerprint: z.string() }),
  /** The file of the outcomes. */
  data: z.strictObject({ file: z.string(), sha256: z.string() }),
  /** Answers that were read, the tasks that they are of, and answers without a score: nothing was in them to judge, or the judge was silent. */
  answers: z.int(),
  tasks: z.int(),
  blank: z.int(),
  abstained: z.int(),
  usage: z.strictObject({
    calls: z.int(),
    saved: z.int(),
    input_tokens: z.int(),
    output_tokens: z.int(),
    money: z.number(),
  }),
  criteria: z.array(
    z.strictObject({
      /** `score` is the judge's score of the whole. */
      criterion: z.string(),
      /** Of all its cells: harmful where one is, else useful where one is, else what they all are. */
      name: nameSchema,
      /** 0–1. */
      mean: estimate,
      /** ICC(1,1) of repeats: how much of one verdict is not noise. Null where nothing was asked twice. */
      reliability: estimate,
      /** Variance inflation factor beside the other criteria; null with fewer than two, and where they give it exactly. */
      inflation: z.number().nullable(),
    }),
  ),
  metrics: z.array(
    z.strictObject({
      metric: z.string(),
      direction: z.enum(['higher', 'lower']),
      is_boolean: z.boolean(),
      threshold: z.number().nullable(),
      owner: z.string().nullable(),
      lag: z.string().nullable(),
      reliability: z.number().nullable(),
      /** What is held constant beside the length. */
      given: z.array(z.string()),
      /** Answers that have it. */
      answers: z.int(),
      mean: estimate,
      cutoff: cutoffSchema.nullable(),
    }),
  ),
  cells: z.array(alignmentCellSchema),
  /** Spearman's correlation of two criteria; the intervals hold for all pairs at once. */
  pairs: z.array(z.strictObject({ first: z.string(), second: z.string(), spearman: estimate })),
  variants: z.array(
    z.strictObject({
      variant: z.string(),
      answers: z.int(),
      tasks: z.int(),
      /** By criterion, 0–1, and by metric, as it is. */
      criteria: z.record(z.string(), estimate),
      metrics: z.record(z.string(), estimate),
    }),
  ),
  /** Answers with which every name that is not known would be; null where all are known or cannot be. */
  answers_needed: z.int().nullable(),
  /** 95 % range of it. */
  answers_needed_range: z.strictObject({ low: z.int(), high: z.int() }).nullable(),
  /** What somebody should look at. */
  warnings: z.array(z.string()),
});
export type AlignmentSummary = z.infer<typeof alignmentSummarySchema>;
