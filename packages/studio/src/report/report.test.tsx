import { createHash } from 'node:crypto';
import { summarySchema, type Summary } from '@touchstone/spec';
import fc from 'fast-check';
import { parseHTML } from 'linkedom';
import { expect, test } from 'vitest';
import { renderReport } from './report.js';
import { summaryJsonSchema } from './schema.js';

const estimate = (mean: number, n = 128) => ({ mean, low: mean - 0.04, high: mean + 0.04, n });

const model = (mean: number): Summary['models'][string] => ({
  metrics: {
    judge_score: estimate(mean),
    heldout_judge_score: estimate(mean - 0.03),
    json_valid: estimate(0.9),
    truth_score: null,
    best_of_k: estimate(mean + 0.1),
  },
  components: { Grounding: estimate(mean), 'json-schema': estimate(0.9) },
  mean_tokens: 61.5,
  abstained: 2,
});

const answer = (name: string, response: string): Summary['examples'][number]['answers'][number] => ({
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

const sample: Summary = summarySchema.parse({
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
    sft: { steps: 220, best_step: 160, examples: 300, validation_loss: 0.412, wall_seconds: 172 },
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

const parse = (html: string): Document => parseHTML(html).document;
const textOf = (document: Document, selector: string): string =>
  document.querySelector(selector)?.textContent ?? '';

test('the page has its parts, in the order a reader wants them', () => {
  const page = parse(renderReport(sample));
  expect([...page.querySelectorAll('h1, h2')].map((h) => h.textContent)).toEqual([
    'contract-review',
    'What improved',
    'Is the judge fit?',
    'How training went',
    'Answers side by side',
    'Where the figures come from',
  ]);
  expect(textOf(page, '.verdict')).toMatch(
    /^Improved\. RFT beats SFT by \+0\.20 \[0\.16, 0\.24\].*held-out judge agrees/,
  );
  expect(textOf(page, '.gate-insufficient-data')).toMatch(
    /Too little is known of this judge.*Not enough data to tell:.*regression is not known.*checked by hand/s,
  );

  const bars = [...page.querySelectorAll('#models svg')];
  expect(bars.map((svg) => svg.getAttribute('aria-label'))).toEqual([
    'Judge score: Base 0.50 [0.46, 0.54]; SFT 0.60 [0.56, 0.64]; RFT 0.80 [0.76, 0.84].',
    'Held-out judge score: Base 0.47 [0.43, 0.51]; SFT 0.57 [0.53, 0.61]; RFT 0.77 [0.73, 0.81].',
    'JSON validity: Base 0.90 [0.86, 0.94]; SFT 0.90 [0.86, 0.94]; RFT 0.90 [0.86, 0.94].',
    'Truth score: Base no data; SFT no data; RFT no data.',
  ]);
  expect(
    [...bars[0]!.querySelectorAll('[aria-label="bar"] rect, rect')].map((r) => r.getAttribute('fill')),
  ).toEqual(['var(--base)', 'var(--sft)', 'var(--rft)']);
  expect(textOf(page, '#judge')).toContain('upper bound ≤ 0.10');
  expect(page.querySelectorAll('#training figure').length).toBe(9);
  expect([...page.querySelectorAll('mark')].map((m) => [m.textContent, m.getAttribute('data-by')])).toEqual([
    ['due within 75 days', 'Base, RFT'],
  ]);
  expect([...page.querySelectorAll('#examples pre')].map((pre) => pre.textContent)).toEqual([
    'not json',
    '[\n  {\n    "comment_id": "1"\n  }\n]',
  ]);
  for (const table of page.querySelectorAll('table')) {
    expect(table.querySelector('caption')?.textContent).toBeTruthy();
    expect([...table.querySelectorAll('th')].every((th) => th.hasAttribute('scope'))).toBe(true);
  }
});

test('metrics are drawn in the order of the registry, and one that it does not have under its own name', () => {
  const withNew: Summary = {
    ...sample,
    models: { rft: { ...model(0.8), metrics: { later_metric: estimate(0.3), ...model(0.8).metrics } } },
    comparisons: ['later_metric', 'truth_score', 'judge_score'].map((metric) => ({
      metric,
      better: 'rft',
      baseline: 'sft',
      difference: estimate(0.2),
    })),
    steps: sample.steps.map((step) => ({ ...step, metrics: { entropy: 1.5, ...step.metrics } })),
    judge: { ...sample.judge, metrics: { ...sample.judge.metrics, drift: estimate(0.1) } },
  };
  const page = parse(renderReport(withNew));
  const firstCells = (table: number): string[] =>
    [...page.querySelectorAll('#models table')[table]!.querySelectorAll('tbody tr')].map(
      (row) => row.querySelector('th')?.textContent ?? '',
    );
  expect(firstCells(0).slice(0, 6)).toEqual([
    'Judge score',
    'Held-out judge score',
    'JSON validity',
    'Truth score',
    'Judge score, best of k',
    'later_metric',
  ]);
  expect(firstCells(1)).toEqual(['Judge score', 'Truth score', 'later_metric']);
  expect([...page.querySelectorAll('#training figcaption strong')].map((title) => title.textContent)).toEqual(
    [
      'Reward',
      'Parts of the reward',
      'Answer length, tokens',
      'Zero-variance groups',
      'Abstentions, rollouts',
      'KL, nats a token',
      'Clip fraction',
      'Gradient norm',
      'Loss',
      'entropy',
    ],
  );
  expect(textOf(page, '#judge dl')).toMatch(/Agreement with ground truth0\.88[^D]*drift0\.10/);
});

test('the page needs nothing from outside, and its policy allows its own style sheet only', () => {
  const html = renderReport(sample);
  const page = parse(html);
  const hash = createHash('sha256').update(textOf(page, 'style')).digest('base64');
  const policy = page.querySelector('meta[http-equiv]')?.getAttribute('content');
  expect(policy).toBe(`default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`);
  expect(page.querySelectorAll('style').length).toBe(1);
  // The policy would block a style attribute, so that one here is a thing that does not show.
  expect(page.querySelectorAll('[style], [src], link, script').length).toBe(0);
  expect(html).not.toMatch(/https?:|url\(|@import/);
});

test('summaries without data render and say so', () => {
  const bare: Summary = {
    ...sample,
    models: {},
    comparisons: [],
    steps: [],
    examples: [],
    stages: [],
    judge: {
      ...sample.judge,
      findings: [],
      abstentions: {},
      metrics: { truth_agreement: null },
      heldout_id: null,
      gate: 'not-set',
      override_reason: null,
      certificate: null,
    },
    training: { ...sample.training, sft: null },
  };
  const text = parse(renderReport(bare)).querySelector('main')!.textContent!;
  expect(text).toMatch(
    /No verdict\..*its gate is off, or there is nothing to examine it on\..*No model was evaluated.*No training step.*No answers were kept/s,
  );
  expect(text).not.toMatch(/NaN|undefined|null|Infinity/);

  const nulls: Summary['models'][string] = {
    metrics: Object.fromEntries(Object.keys(model(0).metrics).map((name) => [name, null])),
    components: {},
    mean_tokens: 0,
    abstained: 0,
  };
  const one = sample.steps
    .slice(0, 1)
    .map((step) => ({ ...step, metrics: { ...step.metrics, reward: null }, intervals: {}, components: {} }));
  const example = {
    task: '',
    document: '',
    reference: '',
    answers: [{ ...answer('x', ''), score: null, quotes: [], verdicts: [] }],
  };
  const thin = summarySchema.parse({
    ...sample,
    models: { base: nulls, constructor: nulls },
    steps: one,
    examples: [example],
  });
  const html = renderReport(thin);
  expect(html).not.toMatch(/NaN|undefined|Infinity/);
  expect(parse(html).querySelector('#examples')!.textContent).toContain('The answer is empty.');
});

const ENUMS = new Set(['gate', 'outcome', 'bound']);
const RECORDS = new Set(['models', 'components', 'versions', 'abstentions', 'metrics', 'intervals']);

/** The summary with every text in it, and every key of its records, put through `change`. */
function mapTexts(value: unknown, change: (text: string) => string, key = ''): unknown {
  if (typeof value === 'string') return ENUMS.has(key) ? value : change(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      RECORDS.has(key) ? change(name) : name,
      mapTexts(inner, change, name),
    ]),
  );
}

test('hostile text anywhere stays text', () => {
  const tags = new Set(
    [...renderReport(sample).matchAll(/<([a-z!][\w-]*)/gi)].map((m) => m[1]!.toLowerCase()),
  );
  const attributes = (page: Document): Set<string> =>
    new Set(
      [...page.querySelectorAll('*')].flatMap((e) => [...e.attributes].map((a) => a.name.toLowerCase())),
    );
  const known = attributes(parse(renderReport(sample)));
  const payload = fc.constantFrom(
    '<script>alert(1)</script>',
    '</style><img src=x onerror=alert(1)>',
    '"onload="alert(1)',
    "' onclick='x",
    '</pre></code></title></svg>',
    '<!--',
    ']]>',
    '&lt;b&gt;',
    '\u202e\u0000\u2028',
    '{{x}}',
    '__proto__',
  );
  fc.assert(
    fc.property(fc.array(payload, { minLength: 1, maxLength: 3 }), fc.boolean(), (parts, before) => {
      const poison = parts.join('');
      const hostile = mapTexts(sample, (text) => (before ? `${poison}${text}` : `${text}${poison}`));
      const html = renderReport(summarySchema.parse(hostile));
      const found = new Set([...html.matchAll(/<([a-z!?][\w-]*)/gi)].map((m) => m[1]!.toLowerCase()));
      expect([...found].filter((tag) => !tags.has(tag))).toEqual([]);
      const page = parse(html);
      expect([...attributes(page)].filter((name) => !known.has(name))).toEqual([]);
      expect(page.querySelectorAll('script, img, iframe, link').length).toBe(0);
      expect([...page.querySelectorAll('[href]')].every((a) => a.getAttribute('href')!.startsWith('#'))).toBe(
        true,
      );
      expect(textOf(page, 'h1')).toContain(poison);
    }),
    { numRuns: 25 },
  );
});

test('the published schema names every part of the summary', () => {
  const schema = summaryJsonSchema();
  expect(schema).toMatchObject({
    $id: 'https://touchstone.dev/schema/summary.json',
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    additionalProperties: false,
  });
  expect(schema['required']).toEqual(Object.keys(sample));
});
