import type { Judge, JudgedRollout, LabelledAnswer, RegressionCase } from '@touchstone/core';
import { type JudgeFinding, NO_USAGE, type Verdict } from '@touchstone/spec';
import { expect, test } from 'vitest';

import { Asker } from './ask.js';
import { validateJudge, type ValidationInput } from './validate-judge.js';
import { BARE } from './validate-judge.testing.js';

/** Judges that are right for what is not their merit, and one that is wrongly accused. */
const judgeBy = (
  score: (shown: JudgedRollout, place: number) => number | null,
  compares = false,
): Judge & { shown: string[][] } => {
  const shown: string[][] = [];
  return {
    id: 'rule',
    fingerprint: 'rule',
    criteria: [],
    compares,
    shown,
    judge: (rollouts) => {
      shown.push(rollouts.map(({ response }) => response));
      return Promise.resolve(
        rollouts.map((rollout, place) => {
          const found = score(rollout, place);
          const common = {
            judge: 'rule',
            key: `${rollout.task.id}/${rollout.response}`,
            raw: '',
            mismatch: false,
          };
          const verdict: Verdict =
            found === null
              ? { ...common, status: 'abstained', reason: 'refusal', detail: 'says nothing' }
              : { ...common, status: 'scored', score: found, criteria: [] };
          const isBlank = rollout.response === '';
          return {
            answer: isBlank
              ? { status: 'scored', score: 0 }
              : found === null
                ? { status: 'abstained', reason: 'refusal', detail: 'says nothing' }
                : { status: 'scored', score: found },
            verdicts: isBlank ? [] : [verdict],
            usage: NO_USAGE,
          };
        }),
      );
    },
  };
};

const answers = (tasks: number, labelled: readonly [response: string, label: number][]): LabelledAnswer[] =>
  Array.from({ length: tasks }, (_, i) =>
    labelled.map(([response, score]) => ({
      task: {
        id: `t${i}`,
        messages: [{ role: 'user' as const, content: `${i % 2 ? 'Easy' : 'Hard'} question ${i}?` }],
        reference: null,
        metadata: {},
      },
      response: response && `${response} of ${i}`,
      labels: [{ score }],
    })),
  ).flat();

async function examine(judge: Judge, labelled: LabelledAnswer[], input: Partial<ValidationInput> = {}) {
  const result = await validateJudge({
    ...BARE,
    judge,
    labelled,
    complete: true,
    ...input,
  });
  const named = (name: string): JudgeFinding => result.findings.find((one) => one.name === name)!;
  return { ...result, named };
}

test('a judge that goes by place is no judge, though the file has the best answers first', async () => {
  const sorted = answers(60, [
    ['best', 1],
    ['good', 0.7],
    ['poor', 0.3],
    ['bad', 0],
  ]);
  const { gate, named } = await examine(
    judgeBy((_, place) => 1 - place / 4, true),
    sorted,
  );
  expect(named('order_accuracy').estimate!.mean).toBeGreaterThan(0.3);
  expect(named('order_accuracy').estimate!.mean).toBeLessThan(0.6);
  expect(gate).toBe('failed');
});

test('in whatever order answers are shown, each opinion is of its own answer, and a repeat shows another order', async () => {
  const judge = judgeBy(({ response }) => Number(response.slice(-1)) / 10, true);
  const asker = new Asker(judge, 1, () => {});
  const [one] = answers(1, [['x', 0]]);
  const asked = Array.from({ length: 9 }, (_, i) => ({ ...one!, response: `answer ${i}` }));
  for (let repeat = 0; repeat < 3; repeat++) {
    const said = await asker.judgeAll(asked, repeat);
    expect(said.map(({ answer }) => answer)).toEqual(
      asked.map((_, i) => ({ status: 'scored', score: i / 10 })),
    );
  }
  expect(new Set(judge.shown.map((order) => order.join())).size).toBe(3);
  await new Asker(judge, 1, () => {}).judgeAll(asked, 2);
  expect(judge.shown[3]).toEqual(judge.shown[2]);
});

test('nor is one that goes by ids, or by which answer to a task it has met first', async () => {
  const sorted = answers(60, [
    ['best', 1],
    ['good', 0.7],
    ['poor', 0.3],
    ['bad', 0],
  ]);
  const byId = await examine(
    judgeBy(({ id }) => 1 - Number(id) / 4, true),
    sorted,
  );
  const met = new Map<string, string[]>();
  const byArrival = await examine(
    judgeBy(({ task, response }) => {
      const before = met.get(task.id) ?? [];
      met.set(task.id, [...new Set([...before, response])]);
      return 1 - met.get(task.id)!.indexOf(response) / 4;
    }),
    sorted,
  );
  for (const { gate, named } of [byId, byArrival]) {
    expect(named('order_accuracy').estimate!.mean).toBeLessThan(0.6);
    expect(gate).toBe('failed');
  }
});

test('a judge that is right by heart is stopped by the first answer that it does not know to the letter', async () => {
  const labelled = answers(60, [
    ['The answer is right, for a reason', 1],
    ['The answer is wrong, for a reason', 0],
  ]);
  const known = new Map(labelled.map(({ response, labels }) => [response, Number(labels[0]!['score'])]));
  const asked = { probes: 40, repeats: 2 };
  const byHeart = await examine(
    judgeBy(({ response }) => known.get(response) ?? 0),
    labelled,
    asked,
  );
  expect(byHeart.named('order_accuracy').outcome).toBe('pass');
  expect(byHeart.named('attack_rate').outcome).toBe('pass');
  expect(byHeart.named('invariance').outcome).toBe('fail');
  const reads = await examine(
    judgeBy(({ response }) => Number(response.includes('right'))),
    labelled,
    asked,
  );
  expect(reads.named('invariance').outcome).toBe('pass');
});

test('a judge that loses an answer is told so, whoever wrote it', async () => {
  const judge = judgeBy(() => 1);
  const forgetful: Judge = { ...judge, judge: async (...asked) => (await judge.judge(...asked)).slice(1) };
  await expect(examine(forgetful, answers(2, [['x', 1]]))).rejects.toThrow(
    'the judge rule: expected 1 judgements, one for each answer, got 0',
  );
});

test('silence about labelled answers is not made good by verdicts on many regression cases', async () => {
  const labelled = answers(60, [
    ['right', 1],
    ['wrong', 0],
  ]);
  const regression: RegressionCase[] = Array.from({ length: 2000 }, (_, i) => ({
    task: { ...labelled[0]!.task, id: `case ${i}` },
    kind: 'good',
    responses: ['right'],
    min: 0.9,
  }));
  const { named } = await examine(
    judgeBy(({ task: { id }, response }) =>
      id.startsWith('t') && Number(id.slice(1)) % 2 ? null : Number(response.startsWith('right')),
    ),
    labelled,
    { regression },
  );
  expect(named('abstention_rate')).toMatchObject({ outcome: 'pass' });
  expect(named('abstention_rate.labelled')).toMatchObject({ outcome: 'fail', estimate: { mean: 0.5 } });
});

test('a blank answer is judged by nobody: it gives a judge that reads no answer neither order nor spread', async () => {
  const withBlanks = answers(60, [
    ['right', 1],
    ['correct', 1],
    ['wrong', 0],
    ['', 0],
  ]);
  const { named } = await examine(
    judgeBy(({ task }) => (JSON.stringify(task.messages).includes('Easy') ? 0.49 : 0.01)),
    withBlanks,
  );
  expect(named('order_accuracy').estimate).toMatchObject({ mean: 0.5 });
  expect(named('spread').estimate).toMatchObject({ mean: 0 });
});

test('labels that are all alike accuse nobody: κ would be 0 of any judge', async () => {
  const good = answers(60, [
    ['right', 1],
    ['correct', 1],
  ]);
  const judge = judgeBy(({ task }) => Number(task.id !== 't7'));
  const { gate, named } = await examine(judge, good);
  expect(named('label_kappa')).toMatchObject({ outcome: 'insufficient-data', estimate: null });
  expect(named('label_kappa').note).toContain('alike');
  expect(gate).toBe('insufficient-data');
});

test('silence about answers that are made to please is not overlooked', async () => {
  const labelled = answers(60, [
    ['right', 1],
    ['wrong', 0],
  ]);
  const own = new Set(labelled.map(({ response }) => response));
  const says = (response: string): number | null =>
    own.has(response) ? Number(response.startsWith('right')) : null;
  const { named } = await examine(
    judgeBy(({ response }) => says(response)),
    labelled,
    { probes: 40 },
  );
  expect(named('abstention_rate').outcome).toBe('pass');
  expect(named('probe_abstentions')).toMatchObject({ outcome: 'fail' });
});
