import type { Judge, RegressionCase } from '@touchstone/core';
import { NO_USAGE } from '@touchstone/spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareSuites } from './compare.js';
import { expectationOf, isUnsteady, sayingOf, type CaseResult } from './case-result.js';
import { caseNames, healthOf } from './health.js';
import { assertAnyVerdict, runSuite, silenceOf, type SuiteResult } from './run-suite.js';

const taskOf = (id: string): RegressionCase['task'] => ({
  id,
  messages: [],
  reference: null,
  metadata: { id },
});
const band = (id: string, response: string, more: Partial<RegressionCase>): RegressionCase => ({
  task: taskOf(id),
  kind: 'good',
  responses: [response],
  ...more,
});
const order = (id: string, better: string, worse: string): RegressionCase => ({
  task: taskOf(id),
  kind: 'order',
  responses: [better, worse],
});
const alike = (id: string, response: string, variant: string, tolerance = 0.1): RegressionCase => ({
  task: taskOf(id),
  kind: 'invariance',
  responses: [response, variant],
  tolerance,
});

/** A judge that gives each answer the score that `scoreOf` says, and abstains where that is null. */
function judgeBy(
  scoreOf: (answer: string, repeat: number) => number | null,
  more: Partial<Judge> = {},
): Judge {
  return {
    id: 'rule',
    fingerprint: '0'.repeat(16),
    criteria: [],
    judge: (rollouts, { repeat = 0 } = {}) =>
      Promise.resolve(
        rollouts.map(({ response }) => {
          const score = scoreOf(response, repeat);
          return {
            answer:
              score === null
                ? { status: 'abstained' as const, reason: 'refusal' as const, detail: 'no' }
                : { status: 'scored' as const, score },
            verdicts: [],
            usage: NO_USAGE,
          };
        }),
      ),
    ...more,
  };
}

/** Reads the score off the answer: "0.8 and more words". */
const byNumber = (answer: string): number => Number.parseFloat(answer);

const run = (judge: Judge, cases: readonly RegressionCase[], repeats = 1): Promise<SuiteResult> =>
  runSuite({ judge, cases, repeats, seed: 1, gate: {} });

const outcomes = ({ results }: SuiteResult): string[] => results.map(({ outcome }) => outcome);

function finding({ findings }: SuiteResult, name: string): SuiteResult['findings'][number] {
  return findings.find((one) => one.name === name)!;
}

/** Cases of which a judge by number holds exactly those at the places that `isHeld` names. */
const many = (n: number, isHeld: (i: number) => boolean, id = (i: number) => `t${i}`): RegressionCase[] =>
  Array.from({ length: n }, (_, i) => band(id(i), isHeld(i) ? '0.9' : '0.1', { min: 0.5 }));

describe('a case', () => {
  it('holds by its kind: in the band with its ends, in the order strictly, alike within the tolerance', async () => {
    const got = await run(judgeBy(byNumber), [
      band('a', '0.5', { min: 0.5 }),
      band('b', '0.49', { min: 0.5 }),
      band('c', '0.3', { kind: 'boundary', min: 0.1, max: 0.3 }),
      band('d', '0.31', { kind: 'incident', max: 0.3 }),
      band('e', `${0.1 + 0.2}`, { kind: 'bad', max: 0.3 }), // above by rounding alone
      order('f', '0.6', '0.5'),
      order('g', '0.5 one', '0.5 other'),
      order('h', `${0.1 + 0.2}`, '0.3'), // above by rounding alone
      order('i', '0.4', '0.5'),
      alike('j', '0.5', '0.6'),
      alike('k', '0.5', '0.61'),
      alike('l', '0.5', '0.75', 0.25),
    ]);
    expect(outcomes(got)).toEqual([
      'held',
      'failed',
      'held',
      'failed',
      'held',
      'held',
      'failed',
      'failed',
      'failed',
      'held',
      'failed',
      'held',
    ]);
    expect(got.results.slice(3, 6).map((result) => [expectationOf(result.case), sayingOf(result)])).toEqual([
      ['at most 0.3', '0.31'],
      ['at most 0.3', '0.30'],
      ['better above worse', '0.60 and 0.50'],
    ]);
  });

  it('is decided by the majority of its repeats: a draw fails, and mostly no verdict is none', async () => {
    const says: Record<string, (number | null)[]> = {
      mostly: [1, 0, 1, 1],
      draw: [1, 0, 1, 0],
      silent: [null, null, null, 1],
      half: [null, 1, null, 1],
    };
    const cases = Object.keys(says).map((name) => band(name, name, { min: 0.5 }));
    const got = await run(
      judgeBy((answer, repeat) => says[answer]![repeat]!),
      cases,
      4,
    );
    expect(outcomes(got)).toEqual(['held', 'failed', 'abstained', 'held']);
    expect(got.results.map(isUnsteady)).toEqual([true, true, true, true]);
    expect(sayingOf(got.results[2]!)).toContain('abstained (refusal: no)');
    // 3 of 6 pairs of repeats, 4 of 6, and none where there are no two verdicts, or two that are the same.
    const flips = finding(got, 'regression.flip_rate').estimate!;
    expect([flips.n, flips.mean]).toEqual([3, expect.closeTo((3 / 6 + 4 / 6) / 3, 12)]);
  });

  it('is shown to a judge that compares as a pair, single answers with the others to their task', async () => {
    const groups: string[][] = [];
    const judge = judgeBy(byNumber, { compares: true });
    const spy: Judge = {
      ...judge,
      judge: (rollouts, options) => {
        groups.push(rollouts.map(({ response }) => response));
        return judge.judge(rollouts, options);
      },
    };
    await run(spy, [
      order('a', '0.9', '0.1'),
      band('a', '0.8', { min: 0.5 }),
      band('a', '0.2', { max: 0.5 }),
    ]);
    // In whatever order: it is drawn.
    const shown = new Set(groups.map((group) => new Set(group)));
    expect(shown).toEqual(new Set([new Set(['0.1', '0.9']), new Set(['0.2', '0.8'])]));
  });
});

describe('the gate on a suite', () => {
  it('wants five tasks, and more than half of the cases', async () => {
    expect(
      await run(
        judgeBy(byNumber),
        many(4, () => true),
      ),
    ).toMatchObject({ gate: 'insufficient-data' });
    expect(
      await run(
        judgeBy(byNumber),
        many(5, () => true),
      ),
    ).toMatchObject({ gate: 'passed' });
    // Many cases about a few tasks are a few.
    const few = await run(
      judgeBy(byNumber),
      many(
        40,
        () => true,
        (i) => `t${i % 4}`,
      ),
    );
    expect(finding(few, 'regression').estimate).toMatchObject({ mean: 1, n: 4 });
    expect(few.gate).toBe('insufficient-data');
    expect(
      await run(
        judgeBy(byNumber),
        many(40, (i) => i % 5 < 2),
      ),
    ).toMatchObject({ gate: 'failed' });
    const balanced = Array.from({ length: 40 }, (_, i) =>
      band(`t${i}`, `${i}`, i % 2 === 0 ? { min: 0.7 } : { kind: 'bad', max: 0.3 }),
    );
    expect(
      (
        await run(
          judgeBy(() => 1),
          balanced,
        )
      ).gate,
    ).not.toBe('passed');
  });

  it('wants every critical case: one that fails is too many, and so is one without a verdict', async () => {
    const cases = (worst: string): RegressionCase[] => [
      ...many(100, () => true),
      band('worst', worst, { min: 0.5, critical: true }),
    ];
    const quiet = judgeBy((answer) => (answer === 'quiet' ? null : byNumber(answer)));
    for (const [worst, gate, mean] of [
      ['0.9', 'passed', 0],
      ['0.1', 'failed', 1],
      ['quiet', 'failed', 1],
    ] as const) {
      const got = await run(quiet, cases(worst));
      expect([got.gate, finding(got, 'regression.critical_failures').estimate]).toEqual([
        gate,
        { mean, low: mean, high: mean, n: 1 },
      ]);
      expect(finding(got, 'regression').estimate!.n).toBe(worst === 'quiet' ? 100 : 101);
    }
    expect(
      finding(
        await run(
          quiet,
          many(9, () => true),
        ),
        'regression.critical_failures',
      ).outcome,
    ).toBe('insufficient-data');
  });

  it('keeps the results of a judge that gave no verdict at all, and does not let it pass', async () => {
    const silent = await run(
      judgeBy(() => null),
      many(9, () => true),
    );
    expect(outcomes(silent)).toEqual(Array.from({ length: 9 }, () => 'abstained'));
    expect(silent.gate).toBe('insufficient-data');
    const why = 'gave no verdict on any of 9 cases; the first: abstained (refusal: no)';
    expect(silenceOf(silent.results)).toBe(why);
    expect(() => assertAnyVerdict(silent.results)).toThrow(`The judge ${why}. Mend the cause`);
    const one = await run(
      judgeBy((answer) => (answer === '0.9' ? 1 : null)),
      many(9, (i) => i === 8),
    );
    expect(silenceOf(one.results)).toBeNull();
    assertAnyVerdict(one.results);
  });

  it('has nothing to say of no cases', async () => {
    await expect(run(judgeBy(byNumber), [])).rejects.toThrow('data.regression: expected cases');
  });
});

describe('two versions of a judge', () => {
  const results = (cases: RegressionCase[], isHeld: (i: number) => boolean | null): CaseResult[] =>
    cases.map((one, i) => {
      const held = isHeld(i);
      const outcome = held === null ? 'abstained' : held ? 'held' : 'failed';
      return { case: one, outcome, repeats: [{ outcome, scores: [0], detail: '' }] };
    });
  const compare = (
    cases: RegressionCase[],
    now: (i: number) => boolean | null,
    before: (i: number) => boolean | null,
    margin = 0.02,
  ) => compareSuites(results(cases, now), results(cases, before), margin);
  const all = (): boolean => true;

  it('differ by exact McNemar: 1 gained and 8 lost of 60', () => {
    const got = compare(
      many(60, all),
      (i) => i >= 9 || i === 8,
      (i) => i !== 8,
    );
    expect(got).toMatchObject({ verdict: 'worse', lost: 8, gained: 1, cases: 60, tasks: 60 });
    expect(got.p).toBeCloseTo(2 * (10 / 512), 12);
    expect(got.difference!.mean).toBeCloseTo(-7 / 60, 12);
    expect(got.flipped).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(got.heldByBoth).toHaveLength(51);
  });

  it('are not shown to be as good because no difference is significant', () => {
    const got = compare(many(50, all), (i) => i >= 5, all);
    expect(got.p).toBeGreaterThan(0.05);
    expect(got.verdict).toBe('not-shown');
    // Not even where nothing flipped, when the cases are few.
    expect(compare(many(20, all), all, all).verdict).toBe('not-shown');
    expect(compare(many(400, all), all, all).verdict).toBe('not-worse');
    expect(compare(many(20, all), all, all, 0.3).verdict).toBe('not-worse');
  });

  it('differ when the new one abstains where the old one was right', () => {
    expect(compare(many(200, all), (i) => (i < 40 ? null : true), all)).toMatchObject({
      verdict: 'worse',
      lost: 40,
    });
  });

  it('differ over tasks, where cases share them', () => {
    // Ten lost cases are a lot, unless they are all about one task.
    const cases = many(200, all, (i) => `t${Math.floor(i / 10)}`);
    const got = compare(cases, (i) => i >= 10, all);
    expect(got).toMatchObject({ lost: 10, tasks: 20, p: 1, verdict: 'not-shown' });
    expect(got.difference!.n).toBe(20);
  });

  it('differ in one kind of case that is a small part of the suite', () => {
    const cases = [...many(2000, all), ...Array.from({ length: 12 }, (_, i) => order(`o${i}`, 'a', 'b'))];
    const got = compare(cases, (i) => i < 2000, all);
    expect(got.difference!.low).toBeGreaterThan(-0.02);
    expect(got.verdict).toBe('worse');
    expect(got.kinds.find(({ kind }) => kind === 'order')).toMatchObject({ cases: 12, lost: 12 });
  });

  it('must be of the same cases', () => {
    expect(() => compareSuites(results(many(2, all), all), results(many(3, all), all), 0.1)).toThrow(
      RangeError,
    );
  });
});

describe('the health of a suite', () => {
  it('is what any judge would find in it: copies, contradictions, what a constant gets', () => {
    const cases = [
      band('a', 'x', { min: 0.8, why: 'it is right' }),
      band('a', 'x', { kind: 'bad', max: 0.2 }),
      band('a', 'y', { kind: 'boundary', min: 0.4, max: 0.6, critical: true }),
      order('b', 'x', 'y'),
      order('b', 'y', 'x'),
      alike('b', 'x', 'z'),
      band('c', 'x', { min: 0.5 }),
    ];
    expect(caseNames([...cases, cases[0]!])).toEqual([
      'a good',
      'a bad',
      'a boundary',
      'b order',
      'b order #2',
      'b invariance',
      'c good',
      'a good #2',
    ]);
    expect(healthOf(cases)).toEqual({
      cases: 7,
      tasks: 3,
      critical: 1,
      kinds: { good: 2, bad: 1, boundary: 1, order: 2, invariance: 1 },
      duplicates: [
        ['a bad', 'a good'],
        ['b order #2', 'b order'],
      ],
      contradictions: [
        ['a bad', 'a good'],
        ['b order #2', 'b order'],
      ],
      withoutWhy: 6,
      constant: { score: 1, held: 3 },
    });
  });

  it('names each case that no judge can hold beside an earlier one, whichever is first', () => {
    const contradictions = (...cases: RegressionCase[]): [string, string][] => healthOf(cases).contradictions;
    const pair = ['a invariance', 'a order'];
    expect(contradictions(order('a', 'x', 'y'), alike('a', 'x', 'y', 0))).toEqual([pair]);
    expect(contradictions(alike('a', 'x', 'y', 0), order('a', 'y', 'x'))).toEqual([pair.toReversed()]);
    // Within a tolerance better may be above worse.
    expect(contradictions(order('a', 'x', 'y'), alike('a', 'x', 'y', 0.1))).toEqual([]);
    expect(contradictions(alike('a', 'x', 'y', 0), alike('a', 'y', 'x', 0.1))).toEqual([]);
    // Also where the first case about these answers goes with both.
    expect(
      contradictions(alike('a', 'x', 'y'), order('a', 'x', 'y'), order('a', 'y', 'x'), order('a', 'y', 'x')),
    ).toEqual([
      ['a order #2', 'a order'],
      ['a order #3', 'a order'],
    ]);
    expect(
      contradictions(
        band('a', 'x', { min: 0.3, max: 0.8 }),
        band('a', 'x', { max: 0.4 }),
        band('a', 'x', { min: 0.6 }),
      ),
    ).toEqual([['a good #3', 'a good #2']]);
  });

  it('finds the best constant of any bands', () => {
    const share = fc.integer({ min: 0, max: 10 }).map((tenth) => tenth / 10);
    fc.assert(
      fc.property(fc.array(fc.tuple(share, share), { minLength: 1, maxLength: 12 }), (ends) => {
        const cases = ends.map(([a, b], i) =>
          band(`t${i}`, 'x', { min: Math.min(a, b), max: Math.max(a, b) }),
        );
        const heldBy = (score: number): number =>
          cases.filter(({ min, max }) => min! <= score && score <= max!).length;
        const best = Math.max(...Array.from({ length: 101 }, (_, i) => heldBy(i / 100)));
        expect(healthOf(cases).constant.held).toBe(best);
      }),
    );
  });
});
