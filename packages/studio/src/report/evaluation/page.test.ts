import { evaluationSummarySchema, type EvaluationSummary } from '@touchstone/spec';
import { expect, test } from 'vitest';
import { parse, textOf } from '../report.testing.js';
import { evaluationJsonSchema, recordJsonSchema } from '../schema.js';
import { renderEvaluation } from './page.js';
import { evaluationVerdict } from './verdict.js';

const estimate = (mean: number, reach = 0.05, n = 50) => ({ mean, low: mean - reach, high: mean + reach, n });

const model = (level: number): EvaluationSummary['models'][string] => ({
  tasks: 50,
  clusters: 50,
  answers: 200,
  trainings: 1,
  abstained: 1,
  metrics: {
    judge_score: estimate(level),
    heldout_judge_score: estimate(level - 0.1),
    json_valid: estimate(0.9),
  },
  components: { Grounding: estimate(level) },
  tokens: estimate(80, 3),
  length: null,
  pass: [1, 2, 4].map((k) => ({ metric: 'json_valid', threshold: 1, k, estimate: estimate(0.9 ** k) })),
  best_of: [2, 4].map((k) => ({ k, judge: estimate(level + k / 50), heldout: estimate(level), truth: null })),
  slices: [{ field: 'clause', value: 'term', tasks: 20, metrics: { judge_score: estimate(level, 0.1, 20) } }],
});

const pair = (
  metric: string,
  [name, baseline]: [string, string],
  mean: number,
): EvaluationSummary['pairs'][number] => ({
  metric,
  model: name,
  baseline,
  tasks: 50,
  difference: estimate(mean),
  corrected: { low: mean - 0.07, high: mean + 0.07 },
  shown: mean > 0.07 ? 'higher' : mean < -0.07 ? 'lower' : 'undecided',
  wins: estimate(0.5 + mean / 2),
  length_controlled: null,
  length_note: 'unknown',
});

const LEVELS = { a: 0.4, b: 0.6, c: 0.45, d: 0.62 };
const names = Object.keys(LEVELS) as (keyof typeof LEVELS)[];
const pairs = names.flatMap((baseline, i) =>
  names
    .slice(i + 1)
    .flatMap((name) =>
      ['judge_score', 'heldout_judge_score'].map((metric) =>
        pair(metric, [name, baseline], LEVELS[name] - LEVELS[baseline]),
      ),
    ),
);
const sample: EvaluationSummary = evaluationSummarySchema.parse({
  kind: 'evaluation',
  version: 1,
  name: 'four checkpoints',
  created: '2026-11-28T00:00:00Z',
  versions: { touchstone: '0.1.0' },
  seed: null,
  baseline: 'a',
  order: names,
  tasks: 50,
  common_tasks: 50,
  clustered: false,
  metrics: ['judge_score', 'heldout_judge_score', 'json_valid'],
  main_metric: 'judge_score',
  models: Object.fromEntries(names.map((name) => [name, model(LEVELS[name])])),
  model_order: names,
  pairs,
  duels: [
    {
      model: 'd',
      baseline: 'a',
      judged: 45,
      silent: 5,
      inconsistent: 4,
      wins: 30,
      ties: 1,
      losses: 10,
      win_rate: estimate(0.7, 0.1),
      corrected: { low: 0.6, high: 0.8 },
      shown: 'higher',
      length_controlled: estimate(0.65, 0.12),
      length_note: null,
    },
  ],
  regressions: [
    {
      metric: 'json_valid',
      model: 'c',
      baseline: 'a',
      slice: { field: 'clause', value: 'term' },
      tasks: 20,
      difference: estimate(-0.2),
      corrected: { low: -0.3, high: -0.1 },
    },
  ],
  worse_tasks: [
    {
      metric: 'judge_score',
      model: 'b',
      baseline: 'a',
      worse: 3,
      tasks: [{ task: 'q7', model: 0.1, baseline: 0.5 }],
    },
  ],
  curves: [
    {
      metric: 'judge_score',
      dips: [{ model: 'c', below_earlier: 'b', below_later: 'd' }],
      highest: 'd',
      best: 'd',
      because: 'last',
      better_than: ['a', 'c'],
      not_told_apart: ['b'],
      worse_than: [],
    },
  ],
  judge_swap: pairs
    .filter(({ metric }) => metric === 'judge_score')
    .map(({ model: name, baseline, shown, difference }) => ({
      model: name,
      baseline,
      shown,
      judges: [
        {
          judge: 'heldout_judge_score',
          difference,
          shown,
          outcome: shown === 'undecided' ? 'nothing-shown' : name === 'c' ? 'turns-around' : 'holds',
        },
      ],
    })),
  remarks: ['c has answers to 49 of 50 tasks.'],
});

test('the page begins with what may be concluded', () => {
  const page = parse(renderEvaluation(sample));
  const verdict = textOf(page, 'header .banner');
  expect(verdict).toMatch(
    /^A difference is shown, and other judges show it too\. By judge score, against a on 50 tasks: better: b/,
  );
  expect(verdict).toMatch(
    /not told apart: c \(\+0\.05 \[−0\.02, 0\.12\]\)\. The intervals hold at once for all 6 pairs/,
  );
  expect(verdict).toMatch(
    /The checkpoint to keep is d: the last, which is the highest; it cannot be told apart from b\./,
  );
  expect(verdict).toMatch(/c is a dip: shown to be below b before it and d after it/);
  expect(verdict).toMatch(
    /of 4 differences that judge score shows, held-out judge shows 3 too, has the other sign in 1/,
  );
  expect(verdict).toMatch(
    /Shown to be worse: c in JSON valid where clause is term \(−0\.20 \[−0\.30, −0\.10\]\)/,
  );
});

test('the highest model is told apart only of those that it was held against', () => {
  const verdictOf = (pairs: EvaluationSummary['pairs']): string =>
    textOf(parse(renderEvaluation({ ...sample, order: [], curves: [], pairs })), 'header .banner');
  expect(verdictOf(pairs)).toMatch(/d has the highest judge score; it cannot be told apart from b\./);
  const thin = pairs.map((one) => (one.shown === 'undecided' ? { ...one, shown: 'none' as const } : one));
  expect(verdictOf(thin)).toMatch(/d has the highest judge score; nothing is known of it against b\./);
});

test('the article’s two charts come first, then differences, checkpoints and the rest', () => {
  const page = parse(renderEvaluation(sample));
  const charts = [...page.querySelectorAll('svg')].map((svg) => svg.getAttribute('aria-label')!);
  expect(charts.map((text) => text.split(':')[0])).toEqual([
    'JSON validity',
    'Judge score',
    'Judge score',
    'Judge score',
  ]);
  expect(charts[3]).toMatch(/c 0\.45 \[0\.40, 0\.50\] \(dip\); d 0\.62 \[0\.57, 0\.67\] \(keep\)/);
  expect([...page.querySelectorAll('section')].map(({ id }) => id)).toEqual(
    [...page.querySelectorAll('nav a')].map((link) => link.getAttribute('href')!.slice(1)),
  );
  expect(textOf(page, '#worse')).toMatch(/q7/);
  expect(textOf(page, '#several')).toMatch(/pass\^k/);
  expect(renderEvaluation(sample)).not.toMatch(/NaN|undefined|Infinity/);
});

test('a single model, and one without any score, are said to be that', () => {
  const one: EvaluationSummary = {
    ...sample,
    baseline: null,
    order: [],
    pairs: [],
    duels: [],
    regressions: [],
    worse_tasks: [],
    curves: [],
    judge_swap: [],
    model_order: ['a'],
  };
  expect(evaluationVerdict(one)).toMatchObject({
    outcome: 'no-data',
    sentences: ['There is one model: its judge score is 0.40 [0.35, 0.45].'],
  });
  const nothing = { ...one, metrics: [], main_metric: null };
  expect(renderEvaluation(nothing)).toContain('No answer has a score.');
});

test('what is not confirmed, disputed or worse is called so', () => {
  const swapped = (outcome: string): EvaluationSummary => ({
    ...sample,
    judge_swap: sample.judge_swap.map((swap) => ({
      ...swap,
      judges: swap.judges.map((judge) => ({ ...judge, shown: 'lower', outcome: outcome as 'holds' })),
    })),
  });
  expect(evaluationVerdict(swapped('turns-around')).outcome).toBe('disputed');
  expect(evaluationVerdict(swapped('same-sign')).outcome).toBe('unconfirmed');
  const silent = evaluationVerdict(swapped('silent'));
  expect(silent).toMatchObject({ outcome: 'unconfirmed', words: 'A difference is shown, not confirmed' });
  expect(silent.sentences.join()).toMatch(
    /shows none of them, \d only where it has a score, which its silence may decide/,
  );
  expect(evaluationVerdict({ ...sample, judge_swap: [] }).outcome).toBe('unconfirmed');
  const all = (shown: 'lower' | 'undecided' | 'none'): EvaluationSummary => ({
    ...sample,
    pairs: sample.pairs.map((one) => ({ ...one, shown })),
  });
  expect([all('lower'), all('undecided'), all('none')].map((one) => evaluationVerdict(one).outcome)).toEqual([
    'worse',
    'undecided',
    'no-data',
  ]);
});

test('a last checkpoint that nothing was compared with is not called worse, and those with a score are counted', () => {
  const curves = sample.curves.map((curve) => ({
    ...curve,
    highest: 'c',
    because: 'not-compared' as const,
    scored: 3,
    not_told_apart: [],
  }));
  expect(evaluationVerdict({ ...sample, curves }).sentences).toContain(
    'The checkpoint to keep is d: the last, which could not be compared with the highest (c): fewer than two tasks have a score of both. ' +
      '3 of 4 checkpoints have a score.',
  );
});

test('hostile names stay text', () => {
  const poison = '</style><img src=x onerror=alert(1)>"\'<!--';
  const hostile = JSON.parse(
    JSON.stringify(sample).replaceAll(
      /"(a|b|c|d|term|clause|q7|Grounding|four checkpoints)"/g,
      (_, name: string) => JSON.stringify(`${name}${poison}`),
    ),
  ) as EvaluationSummary;
  const page = parse(renderEvaluation(evaluationSummarySchema.parse(hostile)));
  expect(page.querySelectorAll('img, script, iframe, link').length).toBe(0);
  expect(page.querySelectorAll('style').length).toBe(1);
  expect(textOf(page, 'h1')).toBe(`four checkpoints${poison}`);
});

test('both shapes are published, with a description where one is needed', () => {
  expect(evaluationJsonSchema()).toMatchObject({
    $id: 'https://touchstone.dev/schema/evaluation.json',
    additionalProperties: false,
  });
  expect(evaluationJsonSchema()['required']).toEqual(Object.keys(sample));
  expect(recordJsonSchema()).toMatchObject({ required: ['model', 'task'] });
});
