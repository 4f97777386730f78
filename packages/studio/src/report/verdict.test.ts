import type { Comparison } from '@touchstone/spec';
import { expect, test } from 'vitest';
import { verdict, type Outcome } from './verdict.js';

type Bounds = [low: number, high: number];
const UP: Bounds = [0.08, 0.16];
const DOWN: Bounds = [-0.16, -0.08];
const FLAT: Bounds = [-0.02, 0.05];

function compare(metric: string, [low, high]: Bounds, better = 'rft', baseline = 'sft'): Comparison {
  return {
    metric,
    better,
    baseline,
    difference: { mean: (low + high) / 2, low, high, n: 128 },
    silence: null,
  };
}

test.each<[Bounds, Bounds | null, Bounds | null, Outcome]>([
  [UP, UP, UP, 'better'],
  [UP, UP, null, 'better'],
  [UP, null, null, 'unconfirmed'],
  [UP, FLAT, UP, 'unconfirmed'],
  [UP, UP, FLAT, 'unconfirmed'],
  [UP, DOWN, UP, 'disputed'],
  [UP, UP, DOWN, 'disputed'],
  [FLAT, UP, UP, 'undecided'],
  [DOWN, UP, null, 'worse'],
])('judge %j, held-out judge %j, truth %j: %s', (judge, heldout, truth, outcome) => {
  const comparisons = [
    compare('judge_score', judge),
    ...(heldout ? [compare('heldout_judge_score', heldout)] : []),
    ...(truth ? [compare('truth_score', truth)] : []),
  ];
  expect(verdict(comparisons).outcome).toBe(outcome);
});

test('says the figures, who agrees and who does not', () => {
  const say = (...comparisons: Comparison[]): string => verdict(comparisons).readings[0]!.sentence;
  expect(say(compare('judge_score', UP), compare('heldout_judge_score', [0.05, 0.15]))).toBe(
    'RFT beats SFT by +0.12 [0.08, 0.16] in judge score, n = 128 tasks; the held-out judge agrees (+0.10 [0.05, 0.15]).',
  );
  expect(say(compare('judge_score', UP), compare('heldout_judge_score', DOWN))).toContain(
    'the held-out judge disagrees (−0.12 [−0.16, −0.08])',
  );
  expect(say(compare('judge_score', FLAT), compare('truth_score', UP))).toBe(
    'RFT and SFT are not told apart by the judge: +0.02 [−0.02, 0.05], n = 128 tasks; ' +
      'no held-out judge compared them; ground truth puts RFT higher (+0.12 [0.08, 0.16]).',
  );
  expect(say(compare('judge_score', DOWN))).toMatch(/^RFT is worse than SFT: −0.12 \[−0.16, −0.08\]/);
});

test('a bound that is not 0 is never written as 0.00', () => {
  expect(verdict([compare('judge_score', [0.001, 0.02])]).readings[0]!.sentence).toContain(
    '+0.011 [0.001, 0.020]',
  );
});

test('turns a comparison round, needs both rivals beaten, and reads another pair where there is no RFT', () => {
  const turned = verdict([compare('judge_score', DOWN, 'sft', 'rft'), compare('heldout_judge_score', UP)]);
  expect(turned.readings[0]!.sentence).toMatch(/^RFT beats SFT by \+0.12 \[0.08, 0.16\]/);
  const both = verdict([
    compare('judge_score', UP),
    compare('heldout_judge_score', UP),
    compare('judge_score', FLAT, 'rft', 'base'),
  ]);
  expect(both.readings.map((r) => r.outcome)).toEqual(['better', 'undecided']);
  expect(both.outcome).toBe('undecided');
  expect(verdict([compare('judge_score', UP, 'sft', 'base')]).readings[0]!.sentence).toMatch(
    /^SFT beats Base/,
  );
});

test('a judge that its silence may turn round does not agree, and nothing is improved by it', () => {
  const silence = { better: 46, baseline: 0, worst: -0.24 };
  const main = compare('judge_score', UP);
  const heldout = { ...compare('heldout_judge_score', [0.05, 0.15]), silence };
  const { outcome, readings } = verdict([main, heldout]);
  expect(outcome).toBe('unconfirmed');
  expect(readings[0]!.sentence).toBe(
    'RFT beats SFT by +0.12 [0.08, 0.16] in judge score, n = 128 tasks; the held-out judge shows the same where it has a score ' +
      '(+0.10 [0.05, 0.15]), which silence may decide: 46 answers of RFT and 0 of SFT have no score, and were these worth 0 and 1, the difference would be −0.24.',
  );
  // The other way round, it is SFT's silence.
  const turned = {
    ...compare('heldout_judge_score', [-0.15, -0.05], 'sft', 'rft'),
    silence: { better: 0, baseline: 46, worst: 0.24 },
  };
  expect(verdict([main, turned])).toEqual(verdict([main, heldout]));
  const enough = { ...heldout, silence: { ...silence, worst: 0.02 } };
  expect(verdict([main, enough]).outcome).toBe('better');
  expect(verdict([main, enough]).readings[0]!.sentence).toMatch(/the held-out judge agrees \(.*\)\.$/);
  // One of the judge itself is said, too.
  expect(verdict([{ ...main, silence }]).readings[0]!.sentence).toMatch(
    /n = 128 tasks, which silence may decide: 46 answers/,
  );
});

test('no paired data, no verdict', () => {
  expect(verdict([]).outcome).toBe('no-data');
  const empty = { ...compare('judge_score', UP), difference: { mean: 0, low: 0, high: 0, n: 0 } };
  expect(verdict([empty]).outcome).toBe('no-data');
});

test('over several trainings every sentence says how many, and what is not shown', () => {
  const scope = { trainings: 5, tasks: 128 };
  const say = (...comparisons: Comparison[]): string => verdict(comparisons, scope).readings[0]!.sentence;
  expect(
    say(
      compare('judge_score', UP),
      compare('heldout_judge_score', [0.05, 0.15]),
      compare('truth_score', FLAT),
    ),
  ).toBe(
    'Over 5 trainings on 128 tasks RFT beats SFT by +0.12 [0.08, 0.16] in judge score; ' +
      'the held-out judge agrees (+0.10 [0.05, 0.15]); by ground truth that is not shown (+0.02 [−0.02, 0.05]).',
  );
  expect(say(compare('judge_score', FLAT), compare('truth_score', FLAT))).toBe(
    'Over 5 trainings on 128 tasks it is not shown by the judge that RFT and SFT differ: +0.02 [−0.02, 0.05]; ' +
      'no held-out judge compared them; nor by ground truth (+0.02 [−0.02, 0.05]).',
  );
});
