import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { judgeSchema, type LabelledAnswer, type RegressionCase } from '@touchstone/core';
import { InputError, type LanguageModel, ProviderError, RunError } from '@touchstone/spec';
import { openRun } from '@touchstone/store';
import { expect, test } from 'vitest';

import { wilson } from '../statistics/proportions.js';
import { gateSchema } from './gate.js';
import { type ValidationInput, validateJudge } from './validate-judge.js';
import {
  type Item,
  model,
  judgeOf,
  taskOf,
  labelled,
  agreeing,
  ONE_ANSWER_A_TASK,
  NO_PROBES,
  input,
  named,
} from './validate-judge.testing.js';

test('a judge that says what the labels say passes, with intervals no tighter than n allows', async () => {
  const heldout = await judgeOf(
    model('other', ({ clear, useful }) => ({ clear: Math.max(1, clear - 1), useful })),
  );
  const progress: number[] = [];
  const { findings, gate, usage, heldoutUsage, judgements } = await validateJudge(
    await input({
      heldout,
      labelled: agreeing,
      repeats: 3,
      gate: gateSchema.parse({
        ...ONE_ANSWER_A_TASK,
        ...NO_PROBES,
        flip_rate: { max: 0.15 },
        label_kappa: { min: 0.7 },
        heldout_correlation: { min: 0.8 },
      }),
      onProgress: ({ done, total }) => progress.push(done / total),
    }),
  );
  expect(gate).toBe('passed');
  expect(named(findings, 'flip_rate').estimate).toMatchObject({ mean: 0, n: 40 });
  expect(named(findings, 'label_accuracy').estimate).toMatchObject({ mean: 1, n: 40 });
  expect(named(findings, 'label_kappa').estimate).toMatchObject({ mean: 1, n: 40 });
  expect(named(findings, 'heldout_correlation').estimate!.mean).toBeGreaterThan(0.9);
  expect(named(findings, 'regression')).toMatchObject({ estimate: null, outcome: 'insufficient-data' });
  expect([usage.calls, heldoutUsage.calls, judgements]).toEqual([120, 40, 120]);
  // One for each answer, and the new total before each of the four phases.
  expect([progress.length, progress.at(-1)]).toEqual([160 + 4, 1]);
});

test('agreement is told apart by criterion, by exact value and by pass or fail', async () => {
  // Clear is one too low (4 for 5: still a pass); Useful is always called true, and half the labels say so.
  const answers = Array.from({ length: 20 }, (_, i) =>
    labelled(`t${i}`, {
      says: { clear: i % 2 === 0 ? 4 : 1, useful: true },
      label: { Clear: i % 2 === 0 ? 5 : 1, Useful: Number(i % 4 < 2) },
    }),
  );
  const { findings, gate } = await validateJudge(
    await input({ labelled: answers, gate: { 'label_kappa.Useful': { min: 0.4 } } }),
  );
  const mean = (name: string): number => named(findings, name).estimate!.mean;
  expect(mean('label_accuracy.Clear')).toBe(0.5);
  expect(mean('label_pass_accuracy.Clear')).toBe(1);
  expect(mean('label_accuracy.Useful')).toBe(0.5);
  expect(mean('label_accuracy')).toBe(0.5);
  expect(mean('label_kappa.Clear')).toBeGreaterThan(0.9);
  expect(mean('label_kappa.Useful')).toBe(0); // half right, and no better than chance
  expect(gate).toBe('failed');
});

test('repeats are kept apart by a real cache, flips are measured, and a second run costs nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lab-'));
  const wobbly = Array.from({ length: 40 }, (_, i) =>
    labelled(`t${i}`, { says: { clear: 3, useful: 'wobbly' }, label: { Clear: 3 } }),
  );
  const validate = async (): Promise<Awaited<ReturnType<typeof validateJudge>>> => {
    const store = openRun(folder);
    try {
      return await validateJudge(
        await input({
          judge: await judgeOf(model('main'), store),
          labelled: wobbly,
          repeats: 4,
          complete: true,
        }),
      );
    } finally {
      store.close();
    }
  };
  const first = await validate();
  expect(first.usage.calls).toBe(160);
  const flips = named(first.findings, 'flip_rate.Useful').estimate!;
  expect(flips.low).toBeLessThan(0.5); // a coin: two throws differ half of the time
  expect(flips.high).toBeGreaterThan(0.5);
  expect(named(first.findings, 'flip_rate.Clear').estimate!.mean).toBe(0);
  expect(named(first.findings, 'flip_rate').estimate!.mean).toBeCloseTo(flips.mean / 2, 12);

  const second = await validate();
  expect(second.usage).toMatchObject({ calls: 0, saved: 160 });
  expect(second.findings).toEqual(first.findings);
});

test('known cases are held against their bands, and abstentions are counted and not scored', async () => {
  const one = (
    kind: RegressionCase['kind'],
    says: Item,
    band: { min?: number; max?: number },
    i = 0,
  ): RegressionCase => ({
    task: taskOf(`${kind}${i}`),
    responses: [JSON.stringify([says])],
    kind,
    ...band,
  });
  const { findings, abstentions, unmatchedLabels } = await validateJudge(
    await input({
      labelled: [
        labelled('whole', { says: { clear: 5, useful: 'refuse' }, label: { Clear: 5, Useful: 1 } }),
        ...agreeing.slice(0, 3),
      ],
      regression: [
        one('good', { clear: 5, useful: true }, { min: 0.9 }),
        one('bad', { clear: 1, useful: false }, { max: 0.2 }),
        one('bad', { clear: 5, useful: true }, { max: 0.2 }, 1),
        one('boundary', { clear: 3, useful: false }, { min: 0.2, max: 0.3 }),
        one('boundary', { clear: 3, useful: 'refuse' }, { min: 0.2 }, 1),
        { task: taskOf('empty'), responses: ['not a list'], kind: 'bad', max: 0 },
      ],
    }),
  );
  expect(named(findings, 'regression').estimate).toEqual(wilson(4, 5));
  expect(named(findings, 'regression.bad').estimate).toEqual(wilson(2, 3));
  expect(named(findings, 'regression.boundary').estimate).toEqual(wilson(1, 1));
  expect(named(findings, 'abstention_rate').estimate).toMatchObject({ mean: 2 / 9, n: 9 });
  expect(abstentions).toEqual({ refusal: 2 });
  expect(unmatchedLabels).toBe(2);
});

test('a label of the whole answer is not taken for the label of its first item', async () => {
  const answer = labelled('t', { says: { clear: 5, useful: true }, label: { Clear: 1 } });
  const two = {
    ...answer,
    response: JSON.stringify([
      { clear: 5, useful: true },
      { clear: 4, useful: true },
    ]),
  };
  expect((await validateJudge(await input({ labelled: [two] }))).unmatchedLabels).toBe(1);
  expect((await validateJudge(await input({ labelled: [answer] }))).unmatchedLabels).toBe(0);
});

test('unknown checks, criteria and values are refused before any call', async () => {
  const judge = await judgeOf({ ...model('main'), generate: () => Promise.reject(new Error('called')) });
  const bad = (label: Record<string, number>): LabelledAnswer[] => [
    labelled('t7', { says: { clear: 5, useful: true }, label }),
  ];
  const refused = async (overrides: Partial<ValidationInput>, message: RegExp): Promise<void> => {
    await expect(validateJudge(await input({ judge, ...overrides }))).rejects.toThrow(InputError);
    await expect(validateJudge(await input({ judge, ...overrides }))).rejects.toThrow(message);
  };
  await refused({ gate: { flip_rat: { max: 1 } } }, /gate: .*flip_rate, .*regression.* got "flip_rat"/);
  await refused({ gate: gateSchema.parse(JSON.parse('{"constructor": {"min": 1}}')) }, /"constructor"/);
  await refused({ labelled: bad({ Clarity: 3 }) }, /"t7".*Clear, Useful.*"Clarity"/);
  await refused({ labelled: bad({ Clear: 6 }) }, /Clear goes from 1 to 5, got 6/);
  await refused({ labelled: bad({ Useful: 0.5 }) }, /Useful is true or false, got 0.5/);
});

test('a provider that never answers is the provider’s failure, not the judge’s', async () => {
  const down = (): Promise<never> =>
    Promise.reject(new ProviderError('connection refused.', { reason: 'transport', isRetryable: false }));
  const validation = validateJudge(
    await input({
      judge: await judgeOf({ ...model('main'), generate: down }),
      labelled: agreeing,
      gate: { flip_rate: { max: 1 } },
    }),
  );
  await expect(validation).rejects.toThrow(RunError);
  await expect(validation).rejects.toThrow(/any of 40 judgements; the first: transport: connection refused/);
});

test('a judge that compares has no criteria: labels are of the score, and it can change its mind too', async () => {
  const settings = judgeSchema.parse({
    kind: 'preference',
    model: 'openai-compatible:test',
    base_url: 'http://127.0.0.1:1/v1',
    objective: 'Which is better?',
    prefer: ['x'],
    prompt: '{{answer_a}}|{{answer_b}} id {{marker}}',
  });
  /** Prefers what says "good"; of what says "odd" now one and now the other, by the call's seed. */
  const compares: LanguageModel = {
    id: 'test:compares',
    version: '1',
    structuredOutput: false,
    generate: ({ messages, seed }) => {
      const [, a = '', b = '', id = ''] = /^(.*)\|(.*) id (\w+)$/.exec(messages[0]!.content) ?? [];
      const best = a.includes('odd') ? ['odd 1', 'odd 2'][seed % 2]! : 'good';
      const winner = a.includes(best) ? 'A' : b.includes(best) ? 'B' : 'tie';
      const text = JSON.stringify({ id, winner, reason: '' });
      return Promise.resolve({ text, finish: 'stop', inputTokens: 9, outputTokens: 30 });
    },
  };
  const pair = (id: string, [first, second]: [string, string]): LabelledAnswer[] =>
    [first, second].map((response, i) => ({ task: taskOf(id), response, labels: [{ score: 1 - i }] }));
  const answers = Array.from({ length: 20 }, (_, i) =>
    pair(`t${i}`, i < 10 ? ['good', 'bad'] : [`odd 1 ${i}`, `odd 2 ${i}`]),
  ).flat();
  const judge = await judgeOf(compares, undefined, settings);
  const { findings, unmatchedLabels } = await validateJudge(
    await input({ judge, labelled: answers, repeats: 4, complete: true }),
  );
  expect(unmatchedLabels).toBe(0);
  expect(findings.filter(({ family }) => family === 'labels').map(({ name }) => name)).toEqual([
    'label_kappa',
    'label_specificity',
    'label_sensitivity',
    'label_accuracy',
    'label_pass_accuracy',
  ]);
  // Half of the comparisons are of answers that the judge is sure of, and right about.
  const accuracy = named(findings, 'label_accuracy').estimate!;
  expect(accuracy.n).toBe(20);
  expect(accuracy.mean).toBeGreaterThanOrEqual(0.5);
  expect(accuracy.mean).toBeLessThan(1);
  expect(named(findings, 'value_flip_rate').estimate!.mean).toBeGreaterThan(0);
  const wrong = [{ ...answers[0]!, labels: [{ Quality: 1 }] }];
  await expect(validateJudge(await input({ judge, labelled: wrong }))).rejects.toThrow(
    /expected score, since the judge has no criteria, got "Quality"/,
  );
});
