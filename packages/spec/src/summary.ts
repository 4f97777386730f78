import { z } from 'zod';
import { digestSchema, estimateSchema } from './estimate.js';
import { monitorAlarmSchema } from './monitors.js';
import { comparisonSchema, estimatesSchema, modelSchema } from './model-summary.js';
import { trainingSummarySchema } from './training-summary.js';

const thresholdSchema = z.strictObject({ bound: z.enum(['min', 'max']), value: z.number() });

export const judgeFindingSchema = z.strictObject({
  name: z.string(),
  /** The family of findings that it belongs to, such as `order`; empty in older files. */
  family: z.string(),
  /** What the number is, in a sentence. */
  description: z.string(),
  estimate: estimateSchema.nullable(),
  /** The bound that the gate sets on the interval's lower (or upper) end. */
  threshold: thresholdSchema.nullable(),
  /** What the default gate asks, where the configuration asks less of it or nothing; null: it asks no less. */
  eased_from: thresholdSchema.nullable().default(null),
  outcome: z.enum(['pass', 'fail', 'insufficient-data', 'reported']),
  /** Why there is no figure, or how much more data the gate wants; null where nothing is to be said. */
  note: z.string().nullable(),
});
export type JudgeFinding = z.infer<typeof judgeFindingSchema>;

/** What a gate says: `not-set` is one that was turned off. */
export const gateOutcomeSchema = z.enum(['passed', 'failed', 'insufficient-data', 'not-set']);
export type GateOutcome = z.infer<typeof gateOutcomeSchema>;

/** May this judge train a model? The first thing that is said of it, wherever something is. */
export const GATE_VERDICTS: Record<GateOutcome, string> = {
  passed: 'This judge may train a model.',
  failed: 'This judge may not train a model.',
  'insufficient-data': 'Too little is known of this judge to train a model with it.',
  'not-set': 'Nothing is asked of this judge: its gate is off, or there is nothing to examine it on.',
};

/** What a threshold asks, in front of its value. */
export const BOUND_WORDS: Record<z.infer<typeof thresholdSchema>['bound'], string> = {
  min: 'at least',
  max: 'at most',
};

/** In which findings a gate asks less than the default one does, in words; null: in none. */
export function easedText(findings: readonly JudgeFinding[]): string | null {
  const eased = findings.flatMap(({ name, threshold, eased_from: from }) => {
    if (!from) return [];
    const asked = threshold ? threshold.value : 'off';
    return [`${name} (${asked}, by default ${BOUND_WORDS[from.bound]} ${from.value})`];
  });
  return eased.length === 0
    ? null
    : `The configuration asks less than the default gate: ${eased.join(', ')}.`;
}

/** A part of an examination that was not done, or not in full, and why: a finding had failed by then, repeats had said enough, or the budget was used up. */
export const notAskedSchema = z.strictObject({
  name: z.string(),
  why: z.enum(['budget', 'failed', 'enough']),
});
export type NotAsked = z.infer<typeof notAskedSchema>;

const NOT_ASKED: Record<NotAsked['why'], string> = {
  budget: "Not asked, or not in full, because the judge's budget was used up",
  failed: 'Not asked any more, because a finding had failed',
  enough: 'Not asked, because the judge is steady enough',
};

/** What was not asked, in words: a line for each reason that there is, without a full stop. */
export function notAskedLines(notAsked: readonly NotAsked[]): string[] {
  return (['budget', 'failed', 'enough'] as const).flatMap((because) => {
    const names = notAsked.flatMap(({ name, why }) => (why === because ? [name] : []));
    return names.length === 0 ? [] : [`${NOT_ASKED[because]}: ${names.join(', ')}`];
  });
}

const share = z.number().min(0).max(1);
const reliabilityBinSchema = z.strictObject({
  low: share,
  high: share,
  n: z.int(),
  /** Mean of the judge's scores. */
  forecast: share,
  /** Share that is labelled good. */
  outcome: share,
});

const probeRowSchema = z.strictObject({
  probe: z.string(),
  group: z.string(),
  /** What a sound judge makes of it: an attack does not pay, a damaged answer scores less, a harmless change does not matter. */
  expects: z.enum(['no-rise', 'lower', 'same']),
  /** How often it was tried where it could show something. */
  n: z.int(),
  /** How often the judge was fooled; half for a damaged answer that scores the same. */
  fooled: z.number(),
  /** How often the judge gave no verdict on it. */
  abstained: z.int(),
  /** Left out: the judge was wrong, or silent, about the answer that it was made from. */
  not_eligible: z.int(),
});
export type ProbeRow = z.infer<typeof probeRowSchema>;

/** Something that a judge said, as evidence for a finding. Texts are shortened. */
const exhibitSchema = z.strictObject({
  /** The family of findings that it stands behind. */
  family: z.string(),
  /** The task's id. */
  task: z.string(),
  /** What is to be seen, in a sentence. */
  claim: z.string(),
  shown: z.array(
    z.strictObject({
      title: z.string(),
      /** Null: the answer before it, again. */
      answer: z.string().nullable(),
      /** What it is worth by its labels, 0–1; null where it has none. */
      label: z.number().nullable(),
      /** 0–1; null: no verdict. */
      score: z.number().nullable(),
      /** The judge's reply as the model wrote it; empty: there was none. */
      reply: z.string(),
    }),
  ),
});
export type Exhibit = z.infer<typeof exhibitSchema>;

/** Curves and tables about a judge that are no single figure. Each is empty where it could not be measured. */
export const judgeDetailsSchema = z.strictObject({
  /** Of answers of one task, as many as `n` at a time: what the one is worth that the judge scores highest. */
  best_of_n: z.array(
    z.strictObject({
      n: z.int(),
      /** KL divergence, in nats, of picking the best of n from the policy: log n − (n − 1) / n. */
      kl: z.number(),
      /** By the labels, by the held-out judge, and by the judge itself. */
      label: estimateSchema.nullable(),
      heldout: estimateSchema.nullable(),
      judge: estimateSchema.nullable(),
    }),
  ),
  /** How often each label met each verdict, by criterion: `counts[label][verdict]`, both by their place in `values`. */
  confusion: z.array(
    z.strictObject({ criterion: z.string(), values: z.array(z.number()), counts: z.array(z.array(z.int())) }),
  ),
  /** The judge's scores beside the share that is labelled good: as they are, and mapped out of fold. */
  reliability: z.array(
    z.strictObject({ map: z.enum(['none', 'platt', 'isotonic']), bins: z.array(reliabilityBinSchema) }),
  ),
  /** Answers, at most some hundreds of them: length in characters, the judge's score, and what the labels say, all scores 0–1. */
  lengths: z.array(z.strictObject({ length: z.int(), judge: share, label: share.nullable() })),
  /** How wide the interval of `label_kappa` would be (half of it) with as many labelled tasks. */
  label_budget: z.array(z.strictObject({ tasks: z.int(), half_width: z.number() })),
  /** Judge less held-out judge: the mean, and where 95 % of the differences lie. */
  heldout_difference: z.strictObject({ shift: z.number(), low: z.number(), high: z.number() }).nullable(),
  /** One row for each probe that was asked, in the order of the groups. */
  probes: z.array(probeRowSchema),
  /** The worst that was seen, some of each family. */
  exhibits: z.array(exhibitSchema),
});
export type JudgeDetails = z.infer<typeof judgeDetailsSchema>;

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
          /** Null where the answer was compared or scored as a whole. */
          criterion: z.string().nullable(),
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

const stepSchema = z.strictObject({
  step: z.int(),
  /** By metric; null where the step has none. */
  metrics: z.record(z.string(), z.number().nullable()),
  /** Of the metrics that have one. */
  intervals: z.record(z.string(), z.strictObject({ low: z.number(), high: z.number() })),
  /** Mean of each part of the reward. */
  components: z.record(z.string(), z.number()),
  seconds: z.number(),
});
export type StepSummary = z.infer<typeof stepSchema>;

/** Rises when a reader of older files would misread a newer one; `readSummary` of the store reads every version. */
export const SUMMARY_VERSION = 3;

/** Every figure of a run: what the report draws and what other programs read. */
export const summarySchema = z.strictObject({
  version: z.literal(SUMMARY_VERSION),
  digest: digestSchema,
  name: z.string(),
  seed: z.int(),
  created: z.string(),
  versions: z.record(z.string(), z.string()),
  data: z.strictObject({
    train_tasks: z.int(),
    eval_tasks: z.int(),
    /** They are those of `data.train`. */
    eval_trained: z.boolean().default(false),
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
    /** What the held-out judge cost; null where there is none, and in older files. */
    heldout_cost: z
      .strictObject({
        calls: z.int(),
        saved: z.int(),
        input_tokens: z.int(),
        output_tokens: z.int(),
        money: z.number(),
      })
      .nullable()
      .default(null),
    /** Over the whole run, by metric. */
    metrics: estimatesSchema,
    /** What was found out about it before training. */
    findings: z.array(judgeFindingSchema),
    /** The questions that findings answer, in the order of reports; older files have none. */
    families: z.array(z.strictObject({ name: z.string(), title: z.string() })).default([]),
    not_asked: z.array(notAskedSchema).default([]),
    /** Older files have none. */
    details: judgeDetailsSchema.nullable().default(null),
    gate: gateOutcomeSchema,
    /** Why training went on although the gate had not passed. */
    override_reason: z.string().nullable(),
    /** Hash of the certificate that the run was trained under; null in older files. */
    certificate: z.string().nullable(),
  }),
  training: trainingSummarySchema,
  /** One entry a training step, in order. */
  steps: z.array(stepSchema),
  examples: z.array(exampleSchema),
  stages: z.array(z.strictObject({ name: z.string(), seconds: z.number() })),
  /** What somebody should look at, such as a checkpoint that was found damaged; older files have none. */
  alarms: z.array(z.string()).default([]),
  /** What monitors have seen in training, in its order, and for which reasons it went on; older files have none. */
  monitor_alarms: z.array(monitorAlarmSchema).default([]),
  resumed: z.array(z.strictObject({ step: z.int(), reason: z.string() })).default([]),
});
export type Summary = z.infer<typeof summarySchema>;
export type JudgeSummary = Summary['judge'];
