import type { Verdict } from '@touchstone/spec';
import { accessTo, groupOf, judgeSimulator, task } from '@touchstone/testing';
import { describe, expect, it } from 'vitest';
import type { Judge } from '../judge.js';
import { judgeSchema } from '../kinds.js';
import { openJudge } from '../open-judge.js';

const MT_BENCH = { '[[A]]': 1, '[[B]]': 0, '[[C]]': 0.5 };
const ARENA = { '[[A>>B]]': 1, '[[A>B]]': 0.75, '[[A=B]]': 0.5, '[[B>A]]': 0.25, '[[B>>A]]': 0 };
const base = {
  kind: 'pair-model',
  model: 'local:j',
  messages: [{ role: 'user', content: 'Q: {{prompt}}\nA: {{first}}\nB: {{second}}\nend' }],
};
const quality = (text: string | undefined): number => Number(/q=(-?\d+)/.exec(text ?? '')?.[1] ?? 0);

/** Says what `verdict` makes of the two answers that it is shown. */
const simulated = (verdict: (a: number, b: number) => string) =>
  judgeSimulator(({ user }) => {
    const [, a, b] = /\nA: (.*)\nB: (.*)\nend/s.exec(user)!;
    return verdict(quality(a), quality(b));
  });
async function judgeOf(model: ReturnType<typeof simulated>, more: object): Promise<Judge> {
  const config = judgeSchema.parse({ ...base, ...more });
  return openJudge(config, { open: () => Promise.resolve(accessTo(model.model)), seed: 1, baseDir: '.' });
}
const problemsOf = (more: object): string =>
  judgeSchema
    .safeParse({ ...base, ...more })
    .error?.issues.map(({ message }) => message)
    .join('; ') ?? '';
const outcomes = (verdicts: readonly Verdict[]) =>
  verdicts.map((v) => (v.status === 'scored' ? v.outcome : v.reason));
const against = (...responses: string[]) =>
  groupOf(...responses).map((one) => ({ ...one, task: { ...task, reference: 'q=0' } }));

describe('a pairwise prompt of the user’s own', () => {
  it('reads its labels in both orders: win, loss, tie, inconsistent, and what cannot be read', async () => {
    const model = simulated((a, b) =>
      [a, b].includes(9)
        ? 'Both have merits.'
        : [a, b].includes(5)
          ? 'The first. My final verdict is: [[A]]'
          : `I compare.\n\nFinal: [[${a > b ? 'A' : a < b ? 'B' : 'C'}]].`,
    );
    const judge = await judgeOf(model, { label_scores: MT_BENCH, against: 'reference' });
    const judged = await judge.judge(against('q=2', 'q=-2', 'q=0 again', 'q=5', 'q=9', ''));
    expect(judged.map(({ verdicts }) => outcomes(verdicts))).toEqual([
      ['win'],
      ['loss'],
      ['tie'],
      ['inconsistent'],
      ['unparseable'],
      [],
    ]);
    expect(judged.map(({ answer }) => ('score' in answer ? answer.score : null))).toEqual([
      1,
      0,
      0.5,
      0.5,
      null,
      0,
    ]);
    expect(judged[3]!.verdicts[0]).toMatchObject({ preferred: 'first' });
    expect(model.requests[0]!.messages).toEqual([
      { role: 'user', content: 'Q: Say something.\nA: q=2\nB: q=0\nend' },
    ]);
  });

  it('takes graded labels: the mean of both orders, and inconsistent where the winner is another one', async () => {
    const model = simulated((a, b) => {
      if (a === 3) return 'x [[A>>B]] y';
      if (b === 3) return '[[B>A]]';
      return a > b ? '[[A>B]]' : '[[A=B]]';
    });
    const judge = await judgeOf(model, { label_scores: ARENA, against: 'reference' });
    const judged = await judge.judge(against('q=3', 'q=1', 'q=0'));
    expect(judged.map(({ answer }) => 'score' in answer && answer.score)).toEqual([0.875, 0.5, 0.5]);
    expect(judged.map(({ verdicts }) => outcomes(verdicts)[0])).toEqual(['win', 'inconsistent', 'tie']);
    const siblings = await judgeOf(model, { label_scores: ARENA });
    const [best, , worst] = (await siblings.judge(groupOf('q=3', 'q=1', 'q=0'))).map(({ answer }) =>
      'score' in answer ? answer.score : NaN,
    );
    expect(best).toBeGreaterThan(worst!);
  });

  it('judges equivalence with a reference, which must be the same in both orders', async () => {
    const model = simulated((a, b) =>
      a === 4 ? '[[A=B]]' : `They ${a === b ? 'agree' : 'differ'}.\n[[${a === b ? 'A=B' : 'A!=B'}]]`,
    );
    const scores = { '[[A=B]]': 1, '[[A!=B]]': 0 };
    const judge = await judgeOf(model, { mode: 'equivalence', label_scores: scores, against: 'reference' });
    const judged = await judge.judge(against('q=0 too', 'q=1', 'q=4'));
    expect(judged.map(({ answer }) => 'score' in answer && answer.score)).toEqual([1, 0, 0.5]);
    expect(judged.map(({ verdicts }) => outcomes(verdicts)[0])).toEqual(['tie', 'loss', 'inconsistent']);
    expect(problemsOf({ mode: 'equivalence', label_scores: scores })).toContain('expected reference');
  });

  it('is refused where it could not be read, does not show both, or gives the reference away', async () => {
    const refused = (more: object): Promise<unknown> =>
      judgeOf(
        simulated(() => ''),
        { label_scores: MT_BENCH, ...more },
      );
    expect(problemsOf({ label_scores: { A: 1, 'A.': 0 } })).toContain('could never be read');
    expect(problemsOf({ label_scores: { A: 1, B: -1 } })).toContain('expected 0 to 1');
    expect(problemsOf({ label_scores: { A: 1, C: 0.5 } })).toContain(
      'no label is worth as much to the second',
    );
    await expect(refused({ messages: [{ role: 'user', content: '{{first}}' }] })).rejects.toThrow(
      '{{second}}',
    );
    await expect(
      refused({ messages: [{ role: 'user', content: '{{first}}{{second}}{{third}}' }] }),
    ).rejects.toThrow('unknown placeholder');
    const messages = [{ role: 'user', content: '{{first}} {{second}} {{reference}}' }];
    await expect(refused({ messages, against: 'reference' })).rejects.toThrow('gives away');
  });
});
