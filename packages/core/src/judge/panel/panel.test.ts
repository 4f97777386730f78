import type { ScoredVerdict } from '@touchstone/spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accessTo, groupOf, sectionOf, judgeSimulator, type JudgeSimulator } from '@touchstone/testing';
import { openJudge, judgesWithin, criteriaOf, singleJudges } from '../open-judge.js';
import { judgeSchema, type JudgeConfig } from '../kinds.js';
import { combineScores, type Combine } from './combine.js';

/** Says of an answer `a=1 b=0` what stands there under the model's name; `?` cannot be parsed. */
const named = (name: string): JudgeSimulator =>
  judgeSimulator(({ user }) => {
    if (user.includes('<answer_a>')) return { reason: '', winner: 'tie' };
    const text = sectionOf(user, 'candidate');
    const grade = new RegExp(`${name}=([\\d?]+)`).exec(text)?.[1] ?? '1';
    return {
      verdicts: [
        { criterion: 'Good', evidence: '', reason: name, score: grade === '?' ? null : Number(grade) },
      ],
    };
  }, name);
const criterion = { name: 'Good', question: '?', scale: 'graded', anchors: { 0: 'no', 4: 'yes' } };
const rubric = (name: string, more: object = {}) => ({
  model: `local:${name}`,
  objective: 'Judge.',
  criteria: [criterion],
  ...more,
});

async function open(config: object) {
  const simulators: Record<string, JudgeSimulator> = {};
  const parsed: JudgeConfig = judgeSchema.parse(config);
  const judge = await openJudge(parsed, {
    seed: 1,
    baseDir: '.',
    open(single) {
      const name = single.model.slice('local:'.length);
      return Promise.resolve(accessTo((simulators[name] ??= named(name)).model));
    },
  });
  return { judge, simulators, parsed };
}
const panelOf = (more: object) =>
  open({ kind: 'panel', members: { x: rubric('a'), y: rubric('b'), z: rubric('c') }, ...more });

describe('scores of several judges', () => {
  it.each([
    ['mean', [0, 0.5, 1], 0.5],
    ['median', [0, 0.9, 1], 0.9],
    ['median', [0, 0.4, 0.6, 1], 0.5],
    ['majority', [0.4, 0.5, 0.9], 1],
    ['majority', [0.4, 0.6], 0.5],
    ['majority', [0.4, 0.3, 0.9], 0],
    ['worst', [0.4, 0.3, 0.9], 0.3],
    // Mean 0.5, sample deviation 0.5.
    ['mean-minus-spread', [0, 0.5, 1], 0.25],
    ['mean-minus-spread', [0.7], 0.7],
  ] as const)('as %s: %j give %d', (combine, scores, expected) => {
    expect(combineScores(scores, { combine, pass: 0.5, spreadWeight: 0.5 })).toBeCloseTo(expected, 12);
  });

  it('never leave 0–1, and do not depend on the order of the members', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 7 }),
        fc.constantFrom<Combine>('mean', 'median', 'majority', 'worst', 'mean-minus-spread'),
        fc.double({ min: 0, max: 10, noNaN: true }),
        (scores, combine, spreadWeight) => {
          const how = { combine, pass: 0.5, spreadWeight };
          const score = combineScores(scores, how);
          expect(score >= 0 && score <= 1).toBe(true);
          expect(combineScores(scores.toReversed(), how)).toBeCloseTo(score, 9);
        },
      ),
      { seed: 4 },
    );
  });
});

describe('a panel', () => {
  it('combines its members, and shows what each said and cost', async () => {
    const { judge } = await panelOf({ combine: 'median' });
    const [judgement] = await judge.judge(groupOf('a=0 b=4 c=3'));
    expect(judgement!.answer).toEqual({ status: 'scored', score: 0.75 });
    expect(judgement!.usage.calls).toBe(3);
    expect(judgement!.members).toMatchObject([
      { name: 'x', answer: { score: 0 }, usage: { calls: 1 } },
      { name: 'y', answer: { score: 1 }, usage: { calls: 1 } },
      { name: 'z', answer: { score: 0.75 }, usage: { calls: 1 } },
    ]);
    const [own, ...members] = judgement!.verdicts as ScoredVerdict[];
    expect(own).toMatchObject({
      judge: judge.fingerprint,
      score: 0.75,
      criteria: [{ criterion: 'Good', value: 3 }],
    });
    expect(own!.member).toBeUndefined();
    expect(members.map(({ member, score }) => [member, score])).toEqual([
      ['x', 0],
      ['y', 1],
      ['z', 0.75],
    ]);
    expect(members.every((one) => own!.key.includes(one.key))).toBe(true);
  });

  it.each([
    [undefined, 'a=4 b=? c=4', { status: 'scored', score: 1 }],
    [undefined, 'a=4 b=? c=?', { status: 'abstained', reason: 'unparseable' }],
    [1, 'a=4 b=? c=?', { status: 'scored', score: 1 }],
    [3, 'a=4 b=? c=4', { status: 'abstained', reason: 'unparseable' }],
  ])('with quorum %s says of %s: %j', async (quorum, text, expected) => {
    const { judge } = await panelOf(quorum === undefined ? {} : { quorum });
    const [judgement] = await judge.judge(groupOf(text));
    expect(judgement!.answer).toMatchObject(expected);
    expect(judgement!.verdicts[0]!.status).toBe(expected.status);
  });

  it('knows its models, its criteria and its judges; its fingerprint is of all of them', async () => {
    const { judge, parsed } = await panelOf({});
    expect(singleJudges(parsed).map(({ path }) => path.join('.'))).toEqual([
      'members.x',
      'members.y',
      'members.z',
    ]);
    expect(criteriaOf(parsed)).toEqual(judge.criteria);
    expect(judgesWithin(judge)).toHaveLength(4);
    const others = await Promise.all([
      panelOf({ combine: 'worst' }),
      panelOf({ quorum: 1 }),
      open({ kind: 'panel', members: { x: rubric('a'), y: rubric('b') } }),
      open({
        kind: 'panel',
        members: { x: rubric('a'), y: rubric('b'), z: rubric('c', { objective: 'y' }) },
      }),
    ]);
    const prints = [judge, ...others.map((one) => one.judge)].map(({ fingerprint }) => fingerprint);
    expect(new Set(prints).size).toBe(prints.length);
  });

  it('gives the whole group to a member that compares', async () => {
    const { judge } = await open({
      kind: 'panel',
      members: {
        x: rubric('a'),
        y: { kind: 'preference', model: 'local:b', objective: 'x', prefer: ['x'] },
      },
    });
    expect(judge.compares).toBe(true);
    const judgements = await judge.judge(groupOf('same a=4', 'same a=4'));
    // The rubric says 1, copies tie.
    expect(judgements.map(({ answer }) => answer)).toEqual(
      Array.from({ length: 2 }, () => ({ status: 'scored', score: 0.75 })),
    );
    expect(judgements[0]!.verdicts[0]).toMatchObject({
      criteria: [{ criterion: 'Good' }],
    });
  });
});

describe('a cascade', () => {
  const cascade = (unsure: object, more: object = {}) =>
    open({ kind: 'cascade', first: rubric('a'), second: rubric('b'), unsure, ...more });

  it('asks the second judge where the first is near the line or abstained, and nobody about nothing', async () => {
    const { judge, simulators } = await cascade({ between: [0.4, 0.6] });
    const judgements = await judge.judge(groupOf('a=4 b=0', 'a=2 b=1', 'a=? b=3', 'a=0', ''));
    expect(judgements.map(({ answer }) => answer)).toEqual(
      [1, 0.25, 0.75, 0, 0].map((score) => ({ status: 'scored', score })),
    );
    // One reply could not be read, and was asked for again.
    expect(simulators['a']!.requests).toHaveLength(5);
    expect(simulators['b']!.requests).toHaveLength(2);
    expect(judgements[0]!.members).toMatchObject([
      { name: 'first', answer: { score: 1 }, usage: { calls: 1 } },
      { name: 'second', answer: null, usage: { calls: 0 } },
    ]);
    expect(judgements[1]!.members).toMatchObject([
      { name: 'first', answer: { score: 0.5 } },
      { name: 'second', answer: { score: 0.25 }, usage: { calls: 1 } },
    ]);
    expect(judgements[1]!.verdicts.map(({ member }) => member)).toEqual([undefined, 'first', 'second']);
    expect(judgements[1]!.verdicts[0]).toMatchObject({
      judge: judge.fingerprint,
      score: 0.25,
      note: "the first judge's score 0.500 is between 0.4 and 0.6",
    });
    expect(judgements[2]!.verdicts[0]!.note).toMatch(/^the first judge abstained: unparseable/);
  });

  it('takes the mean of repeats, and doubts when they differ', async () => {
    // This judge changes its mind with the reply id, which changes with the repeat.
    const moody = judgeSimulator(({ id, user }) => {
      const isMoody = user.includes('moody');
      const score = isMoody && /[a-m]/.test(id[0]!) ? 0 : 4;
      return { verdicts: [{ criterion: 'Good', evidence: '', reason: '', score }] };
    }, 'moody');
    const strong = named('b');
    const judge = await openJudge(
      judgeSchema.parse({
        kind: 'cascade',
        first: rubric('a'),
        second: rubric('b'),
        unsure: { repeats: 8, disagreement: 0.3 },
      }),
      {
        seed: 1,
        baseDir: '.',
        open: ({ model }) => Promise.resolve(accessTo(model === 'local:a' ? moody.model : strong.model)),
      },
    );
    const judgements = await judge.judge(groupOf('calm b=0', 'moody b=3'));
    expect(judgements.map(({ answer }) => answer)).toEqual([
      { status: 'scored', score: 1 },
      { status: 'scored', score: 0.75 },
    ]);
    expect(moody.requests).toHaveLength(16);
    expect(new Set(moody.requests.map(({ messages }) => messages.at(-1)!.content)).size).toBe(16);
    expect(judgements[1]!.verdicts[0]!.note).toBe("the first judge's repeats differ by 1.000");
    // Another repeat of the cascade asks its first judge anew each time.
    await judge.judge(groupOf('calm b=0'), { repeat: 1 });
    expect(new Set(moody.requests.map(({ messages }) => messages.at(-1)!.content)).size).toBe(24);
  });

  it('sends the whole group to a second judge that compares', async () => {
    const { judge, simulators } = await cascade(
      { between: [0.4, 0.6] },
      { second: { kind: 'preference', model: 'local:b', objective: 'x', prefer: ['x'] } },
    );
    const judgements = await judge.judge(groupOf('a=4', 'a=4', 'a=2', 'a=2'));
    expect(judgements.map(({ verdicts }) => verdicts.some(({ member }) => member === 'second'))).toEqual(
      Array.from({ length: 4 }, () => true),
    );
    expect(simulators['b']!.requests).toHaveLength(2);
    const sure = await judge.judge(groupOf('a=4', 'a=0'));
    expect(sure.map(({ answer }) => answer.status === 'scored' && answer.score)).toEqual([1, 0]);
    expect(simulators['b']!.requests).toHaveLength(2);
  });
});
