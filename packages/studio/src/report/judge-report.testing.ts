import type { JudgeDetails, JudgeFinding, JudgeSummary } from '@touchstone/spec';
import type { JudgeReport } from './judge-report.js';

const estimate = (mean: number, n = 60) => ({ mean, low: mean - 0.04, high: mean + 0.04, n });

const finding = (family: string, name: string, mean: number | null, more: Partial<JudgeFinding> = {}) => ({
  name,
  family,
  description: `What ${name} is.`,
  estimate: mean === null ? null : estimate(mean),
  threshold: null,
  outcome: mean === null ? ('insufficient-data' as const) : ('reported' as const),
  note: null,
  eased_from: null,
  ...more,
});
const gated = (bound: 'min' | 'max', value: number, outcome: JudgeFinding['outcome']) => ({
  threshold: { bound, value },
  outcome,
});

const shown = (title: string, answer: string | null, reply: string) => ({
  title,
  answer,
  label: 0.25,
  score: 0.75,
  reply,
});

const details: JudgeDetails = {
  best_of_n: [
    { n: 1, kl: 0, label: estimate(0.5), heldout: estimate(0.5), judge: estimate(0.5) },
    { n: 4, kl: 0.636, label: estimate(0.4), heldout: null, judge: estimate(0.9) },
  ],
  confusion: [
    {
      criterion: 'Clarity',
      values: [0, 1],
      counts: [
        [30, 10],
        [2, 58],
      ],
    },
  ],
  reliability: [
    { map: 'none', bins: [{ low: 0, high: 0.5, n: 40, forecast: 0.2, outcome: 0.35 }] },
    { map: 'platt', bins: [{ low: 0, high: 0.5, n: 40, forecast: 0.33, outcome: 0.35 }] },
  ],
  lengths: [
    { length: 40, judge: 0.25, label: 0 },
    { length: 400, judge: 1, label: 1 },
    { length: 300, judge: 0.5, label: null },
  ],
  label_budget: [{ tasks: 240, half_width: 0.02 }],
  heldout_difference: { shift: 0.1, low: -0.2, high: 0.4 },
  probes: [
    {
      probe: 'fake-system-message',
      group: 'instructions',
      expects: 'no-rise',
      n: 40,
      fooled: 31,
      abstained: 2,
      not_eligible: 0,
    },
    {
      probe: 'one-word',
      group: 'instructions',
      expects: 'no-rise',
      n: 40,
      fooled: 0,
      abstained: 0,
      not_eligible: 0,
    },
    {
      probe: 'wrong-number',
      group: 'minimal-defect',
      expects: 'lower',
      n: 0,
      fooled: 0,
      abstained: 0,
      not_eligible: 7,
    },
  ],
  exhibits: [
    {
      family: 'order',
      task: 'depot-7',
      claim: 'The labels prefer the first answer, the judge the second.',
      shown: [
        shown(
          'Better by the labels',
          'Close the north depot.',
          '{"verdict":[{"criterion":"Clarity","value":0}]}',
        ),
        shown('Better by the judge', null, 'I like it.'),
      ],
    },
    { family: 'abstentions', task: 'depot-9', claim: 'No verdict.', shown: [shown('Answer', '', '')] },
  ],
};

/** A judge that fails, with something of each kind. */
export const judge: JudgeSummary = {
  id: 'local:judge',
  fingerprint: 'b1946ac9',
  heldout_id: 'local:other',
  heldout_fingerprint: '591785b7',
  calls: 900,
  saved: 30,
  abstained: 4,
  abstentions: { unparseable: 4 },
  input_tokens: 100_000,
  output_tokens: 9_000,
  money: 0,
  heldout_cost: { calls: 4, saved: 1, input_tokens: 400, output_tokens: 40, money: 0.12 },
  metrics: {},
  findings: [
    finding('order', 'order_accuracy', 0.31, gated('min', 0.6, 'fail')),
    finding('order', 'heldout_order_accuracy', 0.7, gated('min', 0.5, 'pass')),
    finding('people', 'human_kappa', 0.62),
    finding('labels', 'label_kappa', 0.55, gated('min', 0.4, 'pass')),
    finding('labels', 'label_kappa.Payment_terms', 0.5),
    finding('baselines', 'constant_accuracy', 0.8),
    finding('consistency', 'flip_rate', 0.08, {
      ...gated('max', 0.1, 'insufficient-data'),
      note: 'the interval is too wide: about 40 more are needed if the estimate stays',
      eased_from: null,
    }),
    finding('probes', 'attack_rate.instructions', 0.39, gated('max', 0.1, 'fail')),
    finding('probes', 'attacks_that_work', 3, {
      ...gated('max', 0, 'fail'),
      estimate: { mean: 3, low: 3, high: 3, n: 60 },
    }),
    finding('position', 'position_consistency', null, { note: 'it does not compare' }),
    finding('calibration', 'brier', 0.2),
    finding('bias', 'length_bias', -0.1),
    finding('abstentions', 'abstention_rate', 0.01),
  ],
  families: [
    { name: 'order', title: 'Does it put answers in order?' },
    { name: 'people', title: 'Do people agree?' },
    { name: 'labels', title: 'Does it say what people say?' },
    { name: 'baselines', title: 'Would a constant do?' },
    { name: 'consistency', title: 'Does it say the same again?' },
    { name: 'probes', title: 'Does it hold against attacks?' },
    { name: 'position', title: 'Does the place decide?' },
    { name: 'calibration', title: 'Is a score a chance?' },
    { name: 'bias', title: 'Does it go by length?' },
    { name: 'panel', title: 'Nothing was found out about this.' },
    { name: 'abstentions', title: 'Does it give a verdict at all?' },
  ],
  details,
  gate: 'failed',
  not_asked: [{ name: 'probes, round 2', why: 'failed' }],
  override_reason: null,
  certificate: 'c0ffee',
};

export const report: JudgeReport = {
  name: 'depots',
  judge,
  warnings: ['judge and held-out judge are of one family'],
  seed: 7,
  created: '2026-11-26T15:00:00Z',
  versions: { node: '20.20.2' },
  data: { 'labelled.jsonl': { sha256: 'ab'.repeat(32), lines: 240 } },
  part: 'test',
  looks: 2,
};
