import { summarySchema, type Summary } from '@touchstone/spec';
import { parseHTML } from 'linkedom';

export const estimate = (mean: number, n = 128) => ({ mean, low: mean - 0.04, high: mean + 0.04, n });

export const model = (mean: number): Summary['models'][string] => ({
  metrics: {
    judge_score: estimate(mean),
    heldout_judge_score: estimate(mean - 0.03),
    json_valid: estimate(0.9),
    truth_score: null,
    best_of_k: estimate(mean + 0.1),
  },
  components: { Grounding: estimate(mean), 'json-schema': estimate(0.9) },
  mean_tokens: 61.5,
  answers: 256,
  abstained: 2,
  heldout_abstained: 9,
});

export const answer = (name: string, response: string): Summary['examples'][number]['answers'][number] => ({
  model: name,
  response,
  score: 0.75,
  truth: null,
  quotes: ['due within 75 days', 'nowhere in it'],
  verdicts: [
    {
      item: 0,
      criterion: 'Grounding',
      value: 4,
      score: 0.75,
      evidence: 'clause 1',
      reason: 'On the subject.',
    },
  ],
  note: 'cut at the limit',
});

export const sample: Summary = summarySchema.parse({
  version: 3,
  name: 'contract-review',
  seed: 7,
  created: '2026-11-22T08:40:00Z',
  versions: { node: '20.20.2' },
  data: { train_tasks: 2000, eval_tasks: 128, labelled: 200 },
  models: { rft: model(0.8), base: model(0.5), sft: model(0.6) },
  comparisons: ['judge_score', 'heldout_judge_score'].map((metric) => ({
    metric,
    better: 'rft',
    baseline: 'sft',
    difference: estimate(0.2),
  })),
  judge: {
    id: 'local:models/judge',
    fingerprint: 'b1946ac9',
    heldout_id: 'local:models/heldout',
    heldout_fingerprint: '591785b7',
    calls: 18342,
    saved: 2211,
    abstained: 23,
    abstentions: { unparseable: 23 },
    input_tokens: 5123444,
    output_tokens: 911223,
    money: 0,
    heldout_cost: { calls: 4, saved: 1, input_tokens: 400, output_tokens: 40, money: 0.12 },
    metrics: { truth_agreement: estimate(0.88) },
    findings: [
      {
        name: 'flip_rate',
        description: 'Share of verdicts that change when asked again.',
        estimate: estimate(0.05, 64),
        threshold: { bound: 'max', value: 0.1 },
        outcome: 'pass',
        family: 'labels',
        note: null,
        eased_from: null,
      },
      {
        name: 'regression',
        description: '',
        estimate: null,
        threshold: { bound: 'min', value: 0.8 },
        outcome: 'insufficient-data',
        family: 'labels',
        note: null,
        eased_from: null,
      },
    ],
    gate: 'insufficient-data',
    override_reason: 'checked by hand',
    certificate: null,
  },
  training: {
    algorithm: 'grpo',
    steps: 14,
    rollouts: 1792,
    abstained: 1,
    zero_variance_groups: 12,
    tokens: 503112,
    tokens_per_second: 2931,
    wall_seconds: 171.6,
    sft: {
      steps: 220,
      best_step: 160,
      examples: 300,
      validation_loss: 0.412,
      wall_seconds: 172,
      curve: [160, 220].map((step) => ({ step, loss: 0.3, validation_loss: 0.412 })),
    },
    checkpoint: {
      step: 10,
      highest: 8,
      of: 4,
      because: 'neighbours',
      tasks: 32,
      scored_by: 'judge',
      difference: estimate(0.12, 32),
    },
  },
  steps: Array.from({ length: 14 }, (_, i) => ({
    step: i + 1,
    metrics: {
      reward: i === 5 ? null : 0.4 + i / 40,
      loss: 0.01,
      kl: null,
      clip_fraction: 0.02,
      grad_norm: 0.5,
      response_tokens: 61,
      zero_variance: 0.1,
      abstained: 0,
    },
    intervals: i === 5 ? {} : { reward: { low: 0.35, high: 0.8 } },
    components: i === 5 ? {} : { Grounding: 0.5 + i / 40, 'json-schema': 0.95 },
    seconds: 2,
  })),
  examples: [
    {
      task: 'eval-1',
      document: '1. Payment is due within 75 days. 2. Law.',
      reference: 'At most 30 days.',
      answers: [answer('base', 'not json'), answer('rft', '[{"comment_id":"1"}]')],
    },
  ],
  stages: [{ name: 'training', seconds: 171.6 }],
});

export const parse = (html: string): Document => parseHTML(html).document;
export const textOf = (document: Document, selector: string): string =>
  document.querySelector(selector)?.textContent ?? '';
