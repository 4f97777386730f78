import type { Judge, RegressionCase } from '@touchstone/core';
import { describe, expect, it } from 'vitest';
import { band, order, alike, judgeBy, byNumber, run, outcomes, finding, many } from './cases.testing.js';
import { expectationOf, isUnsteady, sayingOf } from './case-result.js';
import { assertAnyVerdict, silenceOf } from './run-suite.js';

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
