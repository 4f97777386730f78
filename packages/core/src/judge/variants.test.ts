import { accessTo, groupOf, judgeSimulator } from '@touchstone/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDispatcher } from '../dispatch/dispatcher.js';
import type { Judge } from './judge.js';
import { judgeSchema, type JudgeConfig } from './kinds.js';
import { openJudge } from './open-judge.js';
import { changeScale, reverseCriteria } from './other-criteria.js';
import { RubricJudge } from './rubric/rubric.js';
import { rubricSchema, type RubricConfig } from './rubric/schema.js';
import { scaleRange, scoreCriteria, toScore } from './score.js';

const graded = { name: 'Depth', question: 'How deep?', scale: 'graded', anchors: { 1: 'flat', 5: 'deep' } };
const yesNo = { name: 'Polite', question: 'Is it polite?' };
const third = { name: 'Short', question: 'Is it short?' };
const base = { model: 'local:judge', objective: 'Judge it.', criteria: [graded, yesNo, third] };
const rubric = (more: object = {}): RubricConfig => rubricSchema.parse({ ...base, ...more });
const namesOf = ({ criteria }: Pick<RubricConfig, 'criteria'>): string[] => criteria.map(({ name }) => name);

describe('another scale', () => {
  const level = fc.oneof(fc.integer({ min: -30, max: 90 }), fc.integer({ min: -999, max: 999 }));
  const scale = fc
    .oneof(fc.tuple(level, fc.integer({ min: 1, max: 10 })), fc.tuple(level, level))
    .map(([low, span]) => [low, Math.min(999, low + Math.abs(span) + 1)] as const)
    .filter(([low, high]) => low < high);
  const settings = fc
    .record({
      scales: fc.array(scale, { minLength: 1, maxLength: 4 }),
      place: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    .map(({ scales, place }) => {
      const levels = scales.map(([low, high]) => low + Math.max(1, Math.round(place * (high - low))));
      return rubric({
        criteria: [
          ...scales.map(([low, high], i) => ({
            name: `C${i}`,
            question: 'How much?',
            scale: 'graded',
            anchors: { [low]: 'none', [high]: 'all' },
            veto: levels[i],
          })),
          yesNo,
        ],
        rules: [
          { criterion: 'C0', value: levels[0], when: { empty: true } },
          { criterion: 'Polite', value: false, when: { empty: true } },
        ],
      });
    });

  it('says the same of every level: its score, its veto and the rules, and is a scale that a configuration may have', () => {
    let changed = 0;
    fc.assert(
      fc.property(settings, (before) => {
        const after = changeScale(before);
        if (after === null) return;
        changed++;
        expect(rubricSchema.parse(after)).toEqual(after);
        expect(namesOf(after)).toEqual(namesOf(before));
        before.criteria.forEach((criterion, i) => {
          const other = after.criteria[i]!;
          const { min, max } = scaleRange(criterion);
          const factor = scaleRange(other).max - scaleRange(other).min >= max - min ? 10 : 0.1;
          if (scaleRange(other).max === max && scaleRange(other).min === min) return;
          for (const value of [min, max, Number(criterion.veto), Number(criterion.veto) - 1 / factor]) {
            expect(toScore(other, value * factor)).toBeCloseTo(toScore(criterion, value), 9);
            const said = (of: typeof criterion, level: number) =>
              scoreCriteria(
                [of],
                [{ criterion: of.name, evidence: '', reason: '', value: level, score: toScore(of, level) }],
              );
            expect(said(other, Math.round(value * factor)).vetoedBy).toBe(said(criterion, value).vetoedBy);
          }
        });
        const [rule, boolean] = after.rules;
        expect(toScore(after.criteria[0]!, Number(rule!.value))).toBeCloseTo(
          toScore(before.criteria[0]!, Number(before.rules[0]!.value)),
          9,
        );
        expect(boolean!.value).toBe(false);
      }),
    );
    expect(changed).toBeGreaterThan(20);
  });

  it('takes a tenth of a wide scale where all its numbers have one', () => {
    const wide = { ...graded, anchors: { 0: 'none', 50: 'half', 100: 'all' }, veto: 30 };
    const [criterion] = changeScale(rubric({ criteria: [wide] }))!.criteria;
    expect(criterion).toMatchObject({ anchors: { 0: 'none', 5: 'half', 10: 'all' }, veto: 3 });
    expect(changeScale(rubric({ criteria: [{ ...wide, veto: 35 }] }))).toBeNull();
  });

  it.each([
    ['the objective', { objective: 'Give 5 only if it is deep.' }],
    ['a question', { criteria: [{ ...graded, question: 'How deep, from 1 up?' }] }],
    [
      'a question of another criterion',
      { criteria: [graded, { ...yesNo, question: 'Is Depth 3 or more?' }] },
    ],
    ['digits of another script', { objective: 'اعط ٥ للعميق' }],
    ['an anchor', { criteria: [{ ...graded, anchors: { 1: 'less than 2 reasons', 5: 'deep' } }] }],
    ['the user’s own prompt', { prompt: '{{criteria}} 1 to 5 {{format}} {{response}} {{marker}}' }],
  ])('leaves the scale as it is where its numbers are named by %s', (_, more) => {
    expect(changeScale(rubric(more))).toBeNull();
  });

  it('does not mind other numbers, and needs a criterion that is graded and a prompt that shows it', () => {
    expect(changeScale(rubric({ objective: 'Payment is due within 30 days.' }))).not.toBeNull();
    expect(changeScale(rubric({ criteria: [yesNo] }))).toBeNull();
    expect(changeScale(rubric({ logprobs: 5 }))).toBeNull();
    expect(changeScale(rubric({ prompt: '{{format}} {{response}} {{marker}}' }))).toBeNull();
  });
});

describe('the reverse order of criteria', () => {
  it('is another order wherever a call lists several of them', () => {
    expect(namesOf(reverseCriteria(rubric())!)).toEqual(['Short', 'Polite', 'Depth']);
    expect(reverseCriteria(rubric({ prompt: '{{ format }} {{response}} {{marker}}' }))).not.toBeNull();
    for (const more of [
      { criteria: [yesNo] },
      { criteria_per_call: 1 },
      { prompt: '{{response}} {{marker}}' },
    ])
      expect(reverseCriteria(rubric(more))).toBeNull();
  });
});

describe('the variants of a judge', () => {
  const SCORES: Record<string, unknown> = { Depth: 4, Polite: true, Short: false };
  /** Says what SCORES say, on the scale and in the order that it is asked for. */
  const simulator = () =>
    judgeSimulator(({ system, user }) => {
      const prompt = system === user ? user : system + user;
      const asked = [...prompt.matchAll(/"criterion":"(\w+)"[^}]*"score":([^}]+)\}/g)];
      const verdicts = asked.map(([, criterion, scale]) => ({
        criterion: criterion!,
        evidence: '',
        reason: 'by rule',
        score: scale!.includes('40') ? 40 : (SCORES[criterion!] as number),
      }));
      return { verdicts };
    });
  const named = (judge: Judge): Record<string, Judge> =>
    Object.fromEntries((judge.variants?.() ?? []).map(({ name, judge: variant }) => [name, variant]));

  it('ask for the same in another way, and are read as the judge is', async () => {
    const { model, requests } = simulator();
    const judge = new RubricJudge(rubric(), accessTo(model), 1);
    const variants = named(judge);
    expect(Object.keys(variants)).toEqual(['criteria-reversed', 'reworded', 'other-scale']);
    const [own] = await judge.judge(groupOf('An answer.'));
    for (const variant of Object.values(variants)) {
      const [said] = await variant.judge(groupOf('An answer.'));
      expect(said!.answer).toEqual(own!.answer);
      expect(variant.fingerprint).not.toBe(judge.fingerprint);
    }
    const texts = requests.map(({ messages }) => messages.map(({ content }) => content).join('\n'));
    expect(new Set(texts).size).toBe(4);
    for (const text of texts)
      for (const words of ['Judge it.', 'How deep?', 'Is it polite?', 'flat', 'An answer.'])
        expect(text.split(words)).toHaveLength(2);
    expect(texts[1]!.indexOf('Is it short?')).toBeLessThan(texts[1]!.indexOf('How deep?'));
    expect(texts[3]).toContain('10 = flat');
  });

  it('leave a prompt of the user’s own alone: what it does not show cannot be asked in another way', () => {
    const { model } = simulator();
    const own = (prompt: string): string[] =>
      Object.keys(named(new RubricJudge(rubric({ prompt }), accessTo(model), 1)));
    expect(own('{{response}} {{marker}}')).toEqual([]);
    expect(own('{{criteria}} {{format}} {{response}} {{marker}}')).toEqual([
      'criteria-reversed',
      'other-scale',
    ]);
  });

  const open = (config: object): Promise<Judge> =>
    openJudge(judgeSchema.parse(config) as JudgeConfig, {
      seed: 1,
      baseDir: '.',
      open: () => Promise.resolve(accessTo(simulator().model)),
    });

  it('of a panel and of a cascade are those of its members, together', async () => {
    const ranked = { kind: 'group', mode: 'rank', ...base };
    const comparing = { kind: 'preference', model: 'local:judge', objective: 'Which?', prefer: ['depth'] };
    const panel = await open({
      kind: 'panel',
      members: { a: base, b: { ...base, criteria: [yesNo, third] } },
    });
    const variants = named(panel);
    expect(Object.keys(variants)).toEqual(['criteria-reversed', 'reworded', 'other-scale']);
    const ids = (judge: Judge | undefined) => judge?.members?.map(({ fingerprint }) => fingerprint);
    const [a, b] = ids(panel)!;
    expect(ids(variants['reworded'])).toEqual([
      expect.not.stringContaining(a!),
      expect.not.stringContaining(b!),
    ]);
    // The second member has no graded criterion.
    expect(ids(variants['other-scale'])).toEqual([expect.not.stringContaining(a!), b]);
    const [own] = await panel.judge(groupOf('An answer.'));
    const [said] = await variants['other-scale']!.judge(groupOf('An answer.'));
    expect(said!.answer).toEqual(own!.answer);
    expect(Object.keys(named(await open({ kind: 'cascade', first: comparing, second: ranked })))).toEqual([
      'reworded',
    ]);
    expect(Object.keys(named(await open({ kind: 'group', ...base })))).toEqual([
      'criteria-reversed',
      'other-scale',
    ]);
  });

  it('ask no more at once than the judge may', async () => {
    const { model } = simulator();
    let [inFlight, most] = [0, 0];
    const slow: typeof model = {
      ...model,
      generate: async (request) => {
        most = Math.max(most, ++inFlight);
        await new Promise(setImmediate);
        inFlight--;
        return model.generate(request);
      },
    };
    const limits = { concurrency: 2, adaptive: false, timeout_seconds: 5, attempts: 1, seed: 1 };
    const access = { model: slow, fallbacks: [], dispatcher: createDispatcher(limits) };
    const judge = new RubricJudge(rubric(), access, 1);
    const rollouts = groupOf('a', 'b', 'c', 'd');
    const all = [judge, ...Object.values(named(judge))].map((one) => one.judge(rollouts));
    expect((await Promise.all(all)).flat()).toHaveLength(16);
    expect(most).toBe(2);
  });
});
