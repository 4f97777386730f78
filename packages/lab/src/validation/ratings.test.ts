import { createDispatcher, judgeSchema, type LabelledAnswer, openJudge } from '@touchstone/core';
import type { LanguageModel } from '@touchstone/spec';
import { expect, test } from 'vitest';

import { noEvidence } from './evidence.js';
import { rate, readingsOf } from './ratings.js';
import { validateJudge } from './validate-judge.js';
import { BARE } from './validate-judge.testing.js';

const worthOf = (text: string): number => Number(/worth (\d+)/.exec(text)?.[1]);

/** Prefers, or ranks higher, what says that it is worth more; of equals neither. */
const byWorth: LanguageModel = {
  id: 'test:worth',
  version: '1',
  structuredOutput: false,
  generate: ({ messages }) => {
    const content = messages.at(-1)!.content;
    const id = /reply id is (\w+)/.exec(content)![1];
    const two = ['a', 'b'].map(
      (side) => new RegExp(`<answer_${side}>([^]*?)</answer_${side}>`).exec(content)?.[1],
    );
    const [a, b] = two.map((text) => worthOf(text ?? ''));
    const shown = [...content.matchAll(/<candidate id="(\w+)">([^]*?)<\/candidate>/g)];
    const ranking = shown.map(([, candidate, text]) => ({
      candidate,
      evidence: '',
      reason: '',
      rank: 1 + shown.filter((other) => worthOf(other[2]!) > worthOf(text!)).length,
    }));
    const preference = { reason: '', winner: a! > b! ? 'A' : a! < b! ? 'B' : 'tie' };
    const reply = shown.length > 0 ? { ranking } : preference;
    return Promise.resolve({
      text: JSON.stringify({ id, ...reply }),
      finish: 'stop',
      inputTokens: 9,
      outputTokens: 30,
    });
  },
};

async function judgeOf(kind: 'preference' | 'group') {
  const how =
    kind === 'preference'
      ? { prefer: ['It is worth more.'] }
      : { criteria: [{ name: 'Worth', question: 'Which is worth more?' }], mode: 'rank' };
  const config = judgeSchema.parse({
    kind,
    model: 'openai-compatible:test',
    base_url: 'http://127.0.0.1:1/v1',
    objective: 'Which is better?',
    ...how,
  });
  const dispatcher = createDispatcher({ concurrency: 4, timeout_seconds: 10, attempts: 1, seed: 1 });
  const open = () => Promise.resolve({ model: byWorth, fallbacks: [], dispatcher });
  return openJudge(config, { seed: 1, baseDir: '.', open });
}

/** 30 tasks of four answers, two of them equal, whose labels are anywhere on 0–1 and in the order of their worth. */
const answers = Array.from({ length: 30 }, (_, task) =>
  [3, 9, 3, 6].map((worth, i): LabelledAnswer => ({
    task: { id: `t${task}`, messages: [{ role: 'user', content: '?' }], reference: null, metadata: {} },
    response: `worth ${worth}, says ${'x'.repeat((task + i) % 4)}${i}`,
    labels: [{ score: (worth + task) / 100 }],
  })),
).flat();

const examine = async (kind: 'preference' | 'group', labelled: readonly LabelledAnswer[]) =>
  validateJudge({ ...BARE, judge: await judgeOf(kind), labelled });

test.each(['preference', 'group'] as const)(
  'a %s judge that is right says what labels of four answers to a task say, whatever their scale and name',
  async (kind) => {
    const former = kind === 'preference' ? 'Preference' : 'Rank';
    const renamed = answers.map((one) => ({ ...one, labels: [{ [former]: one.labels[0]!['score']! }] }));
    for (const labelled of [answers, renamed]) {
      const { findings, unmatchedLabels } = await examine(kind, labelled);
      const figure = (name: string) => findings.find((finding) => finding.name === name);
      expect(unmatchedLabels).toBe(0);
      expect(figure('label_kappa')!.estimate).toMatchObject({ mean: 1, n: 30 });
      expect(figure('label_accuracy')!.estimate).toMatchObject({ mean: 1 });
      const gated = findings.filter(
        ({ family, threshold }) => threshold && /order|labels|position/.test(family),
      );
      expect(gated.map(({ name, outcome }) => [name, outcome])).toEqual(
        gated.map(({ name }) => [name, 'pass']),
      );
      expect(gated.length).toBeGreaterThan(4);
    }
  },
);

test('each comparison is read from either side, and an answer without a label is in none', async () => {
  const judge = await judgeOf('preference');
  const three = answers.slice(0, 3).map((one, i) => (i === 2 ? { ...one, labels: [] } : one));
  const said = await judge.judge(three.map((one, i) => ({ ...one, id: String(i) })));
  const evidence = {
    ...noEvidence({ criteria: [], compares: true, models: [], hasHeldout: false, repeats: 1, variants: [] }),
    answers: three.map((answer, i) => ({ answer, repeats: [said[i]!], heldout: null })),
  };
  expect(
    readingsOf(rate(evidence)).map(({ answer, score, labelScore }) => [answer, score, labelScore]),
  ).toEqual([
    [0, 0, 0],
    [1, 1, 1],
  ]);
  expect(rate(evidence)).toHaveLength(6);
});
