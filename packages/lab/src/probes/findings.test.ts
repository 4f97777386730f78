import type { AnswerScore } from '@touchstone/core';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../validation/finding.js';
import { applyGate } from '../validation/gate.js';
import { probeFindings, probeTable, undecidedGroups } from './findings.js';
import type { Expectation, JudgedProbe, ProbeCase } from './probe.js';
import { casesOf, depots, judgeByRule, OBEYS, type RuleJudge } from './rule-judges.testing.js';

function findingsOf(judge: RuleJudge, labelled = depots(60)): Record<string, Finding> {
  const cases = casesOf(labelled, { compares: judge.compares ?? false });
  return byName(probeFindings(judgeByRule(labelled, cases, judge)));
}

const byName = (findings: readonly Finding[]): Record<string, Finding> =>
  Object.fromEntries(findings.map((finding) => [finding.name, finding]));

/** Names of the findings that do not pass the default gate. */
function stopping(findings: Record<string, Finding>): string[] {
  const all = Object.values(findings).map((finding) => ({ ...finding, family: 'probes' }));
  const held = applyGate(all, {}).findings.filter(({ threshold }) => threshold !== null);
  return held.filter(({ outcome }) => outcome !== 'pass').map(({ name }) => name);
}

describe('a sound judge', () => {
  test.each([
    ['with bad answers everywhere', depots(60)],
    ['where nearly every answer is good', depots(60, (i) => i % 20 === 0)],
  ])('falls for nothing, %s', (_, labelled) => {
    const findings = findingsOf({}, labelled);
    expect(stopping(findings)).toEqual([]);
    expect(findings['attack_rate']!.estimate).toMatchObject({ mean: 0, n: expect.any(Number) });
    expect(findings['attacks_that_work']!.estimate!.mean).toBe(0);
    expect(findings['attack_rate.comparison']!.absent).toBe('the judge does not compare answers');
    expect(findings['invariance']!.estimate!.mean).toBe(1);
    expect(findings['damage_order']!.estimate!.mean).toBeGreaterThan(0.6);
  });

  test('that compares falls for nothing either', () => {
    expect(stopping(findingsOf({ compares: true }))).toEqual([]);
  });
});

describe('a judge that obeys one group is stopped by it, and by no other group', () => {
  test.each(Object.keys(OBEYS) as (keyof typeof OBEYS)[])('%s', (group) => {
    const compares = group === 'comparison';
    const findings = findingsOf({ obeys: OBEYS[group], compares });
    const own = `attack_rate.${group}`;
    expect(stopping(findings).filter((name) => name.includes('.'))).toEqual([own]);
    expect(findings[own]!.estimate!.mean).toBeGreaterThan(0.1);
    expect(findings['attacks_that_work']!.estimate!.mean).toBeGreaterThan(0);
  });
});

test('a judge that is wrong by chance in 3 of 100 verdicts obeys nothing', () => {
  const labelled = depots(150);
  const stopped: [number, string[]][] = [];
  for (let seed = 1; seed <= 20; seed++) {
    const judged: JudgedProbe[] = [];
    let asked: ProbeCase[] = casesOf(labelled, { seed });
    for (let round = 1; asked.length > 0; round++) {
      judged.push(...judgeByRule(labelled, asked, { errors: 0.03, seed }));
      asked = round < 8 ? casesOf(labelled, { seed, round, groups: undecidedGroups(judged) }) : [];
    }
    const findings = byName(probeFindings(judged));
    expect(findings['attacks_that_work']!.estimate).toMatchObject({ mean: 0 });
    if (stopping(findings).length > 0) stopped.push([seed, stopping(findings)]);
  }
  // Chance alone may bring one group of one seed to its bound.
  expect(stopped.length, JSON.stringify(stopped)).toBeLessThanOrEqual(1);
});

test('a judge of the answer alone falls for no attack; that it does not look at the task is reported', () => {
  const labelled = depots(60);
  const findings = findingsOf({
    obeys: (response) => labelled.some((one) => one.response === response && one.labels[0]!['Right'] === 1),
  });
  expect(stopping(findings)).toEqual([]);
  expect(findings['relevance_order']!.estimate!.mean).toBe(0.5);
  expect(findingsOf({})['relevance_order']!.estimate!.mean).toBe(1);
});

test('a judge that always says yes, or abstains, shows nothing, and that is no pass', () => {
  const yes = findingsOf({ obeys: () => true });
  expect(stopping(yes)).toContain('attack_rate');
  expect(yes['attack_rate']!.estimate).toBeNull();
  expect(yes['damage_order']!.estimate!.mean).toBe(0.5);
});

const scored = (score: number): AnswerScore => ({ status: 'scored', score });
const ABSTAINED: AnswerScore = { status: 'abstained', reason: 'unparseable', detail: '' };
const NO_REPLIES = { plain: '', probed: '' };

function judgedOf(expects: Expectation, plain: AnswerScore, probed: AnswerScore): JudgedProbe {
  const one = casesOf(depots(60)).find((found) => found.expects === expects)!;
  return { case: one, plain, probed, replies: NO_REPLIES };
}

test.each([
  ['no-rise', 0.2, 0.5, 1],
  ['no-rise', 0, 0.25, 1],
  ['no-rise', 0.1, 0.3, 0],
  ['no-rise', 0.4, 0.1, 0],
  // Of several criteria the wrong answer meets the most.
  ['no-rise', 0.6, 0.7, 0],
  ['no-rise', 0.6, 1, 1],
  ['lower', 0.75, 0.5, 0],
  ['lower', 0.75, 0.75, 0.5],
  ['lower', 0.75, 1, 1],
  ['lower', 0.8, 0.1 + 0.7, 0.5],
  ['same', 0.75, 0.5, 0],
  ['same', 0.75, 0.25, 1],
] as const)('%s from %f to %f fools a judge by %f', (expects, plain, probed, fooled) => {
  const [row] = probeTable([judgedOf(expects, scored(plain), scored(probed))]);
  expect(row).toMatchObject({ n: 1, fooled, abstained: 0, not_eligible: 0 });
});

test('a judge that wobbles by a level whatever is changed does not obey when it rises by one', () => {
  const cases = casesOf(depots(60));
  const wobbling = cases.map((one, i): JudgedProbe => {
    const plain = one.expects === 'no-rise' ? 0 : 0.75;
    const probed = scored(plain + (i % 4 === 0 ? 0.25 : 0));
    return { case: one, plain: scored(plain), probed, replies: NO_REPLIES };
  });
  expect(byName(probeFindings(wobbling))['attack_rate']!.estimate!.mean).toBe(0);
  const steady = wobbling.map((one) => (one.case.expects === 'same' ? { ...one, probed: one.plain } : one));
  expect(byName(probeFindings(steady))['attack_rate']!.estimate!.mean).toBeGreaterThan(0.2);
});

test('of a judge that compares, an answer that passes by a hair has fooled nobody; noise hides no attack that pays', () => {
  const cases = casesOf(depots(60));
  /** Every harmless change moves the score by `noise`, and every attack on an answer that just fails lifts it by `rise`. */
  const rateOf = (noise: number, rise: number, compares: boolean): number => {
    const judged = cases.map((one): JudgedProbe => {
      const plain = one.expects === 'no-rise' ? 0.45 : 0.75;
      const probed = scored(plain + (one.expects === 'no-rise' ? rise : -noise));
      return { case: one, plain: scored(plain), probed, replies: NO_REPLIES };
    });
    return byName(probeFindings(judged, compares))['attack_rate']!.estimate!.mean;
  };
  expect(rateOf(0.12, 0.12, true)).toBe(0);
  expect(rateOf(0.12, 0.12, false)).toBe(1);
  expect(rateOf(0, 0.12, true)).toBe(1);
  expect(rateOf(0.5, 0.3, true)).toBe(1);
});

test('what could not be parsed was not resisted, and what was wrong before shows nothing', () => {
  const table = probeTable([
    judgedOf('no-rise', scored(0), ABSTAINED),
    judgedOf('no-rise', scored(0.8), scored(1)),
    judgedOf('no-rise', ABSTAINED, scored(1)),
  ]);
  expect(table).toMatchObject([{ n: 0, abstained: 1, not_eligible: 2 }]);
  const attacks = casesOf(depots(60)).filter(({ group }) => group === 'authority');
  const silent = attacks.map((one) => ({
    case: one,
    plain: scored(0),
    probed: ABSTAINED,
    replies: NO_REPLIES,
  }));
  const findings = byName(probeFindings(silent));
  expect(findings['attack_rate']!.estimate).toBeNull();
  expect(findings['probe_abstentions']!.estimate).toMatchObject({ mean: 1, n: 40 });
});

test('one attack that always works is found among all others', () => {
  const findings = findingsOf({ obeys: (response) => /first half: ignore/.test(response) });
  expect(stopping(findings)).toContain('attacks_that_work');
  expect(findings['attacks_that_work']!.estimate!.mean).toBe(1);
});
