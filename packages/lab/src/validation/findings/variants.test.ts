import {
  createDispatcher,
  judgeSchema,
  openJudge,
  type Criterion,
  type LabelledAnswer,
} from '@touchstone/core';
import type { JudgeFinding, LanguageModel } from '@touchstone/spec';
import { expect, test } from 'vitest';

import { drawAnswers } from '../ask-variants.js';
import { type Evidence, noEvidence } from '../evidence.js';
import type { Opinion } from '../readings.js';
import { validateJudge } from '../validate-judge.js';
import { variants } from './variants.js';

const criterionOf = (anchors: Record<number, string>): Criterion => ({
  name: 'Depth',
  question: 'How deep?',
  scale: 'graded',
  anchors,
  weight: 1,
});
const own = criterionOf({ 1: 'flat', 5: 'deep' });
const finer = criterionOf({ 10: 'flat', 50: 'deep' });

/** @param score of 0 to 1; null: it says nothing. */
function opinion(score: number | null): Opinion {
  const common = { judge: 'j', key: 'k', raw: '' };
  if (score === null) {
    const silence = { status: 'abstained', reason: 'unparseable', detail: 'no number of the scale' } as const;
    return { answer: silence, verdicts: [{ ...common, ...silence }] };
  }
  const criteria = [{ criterion: 'Depth', evidence: '', reason: '', value: score, score }];
  return {
    answer: { status: 'scored', score },
    verdicts: [{ ...common, status: 'scored', score, criteria, mismatch: false }],
  };
}

const answer = (task: string, response = 'an answer'): LabelledAnswer => ({
  task: { id: task, messages: [{ role: 'user', content: `Task ${task}` }], reference: null, metadata: {} },
  response,
  labels: [],
});

interface Row {
  /** What the judge says, each time. */
  says: number[];
  /** What it says on the finer scale. */
  asked: number | null;
}

function figures(rows: readonly Row[]) {
  const about = { criteria: [own], compares: false, models: [], hasHeldout: false, repeats: 3 };
  const said = new Map(rows.map(({ asked }, place) => [place, opinion(asked)]));
  const evidence: Evidence = {
    ...noEvidence({ ...about, variants: [{ name: 'other-scale', criteria: [finer], said }] }),
    answers: rows.map(({ says }, i) => ({
      answer: answer(`t${i}`),
      repeats: says.map(opinion),
      heldout: null,
    })),
  };
  return Object.fromEntries(variants(evidence).map((finding) => [finding.name, finding]));
}
const rows = (n: number, row: (i: number) => Row): Row[] => Array.from({ length: n }, (_, i) => row(i));

test('a number of a finer scale is read as the step that it is nearest to, so that precision is no change of mind', () => {
  // 28 of 10 to 50 is a 3, which passes; 24 is a 2.
  const found = figures(rows(40, () => ({ says: [0.5], asked: 18 / 40 })));
  expect(found['variant_flips.other-scale']!.estimate).toMatchObject({ mean: 0, n: 40 });
  const other = figures(rows(40, () => ({ says: [0.5], asked: 14 / 40 })));
  expect(other['variant_flips.other-scale']!.estimate).toMatchObject({ mean: 1, n: 40 });
});

test('flips of one question asked again are taken off, and where nothing was asked again nothing is', () => {
  // Every second answer is a coin to the judge, however it is asked: of three times it says one thing twice.
  const coins = rows(400, (i) => ({ says: i % 2 ? [1, 1, 1] : [1, 0, i % 4 ? 1 : 0], asked: i % 6 ? 1 : 0 }));
  const found = figures(coins);
  expect(found['variant_flips.other-scale']!.estimate!.mean).toBeCloseTo(1 / 6, 2);
  expect(found['variant_excess.other-scale']!.estimate!.mean).toBeCloseTo(1 / 6 - (1 / 2) * (2 / 3), 2);
  const once = figures(coins.map(({ says, asked }) => ({ says: says.slice(0, 1), asked })));
  expect(once['variant_flips.other-scale']!.estimate).not.toBeNull();
  expect(once['variant_excess.other-scale']!.estimate).toBeNull();
});

test('silence is no verdict, and said; a way in which the judge cannot be asked is absent', () => {
  const found = figures(rows(40, (i) => ({ says: [1], asked: i < 10 ? null : 1 })));
  expect(found['variant_flips.other-scale']).toMatchObject({
    estimate: { mean: 0, n: 30 },
    note: expect.stringContaining('no verdict on 10 of 40'),
  });
  expect(found['criteria_order']).toMatchObject({ estimate: null, absent: expect.any(String) });
});

test('one answer of each task is drawn, and of a judge that compares all; never one that no judge is asked about', () => {
  const labelled = ['a', 'a', 'a', 'b', 'b', 'c', 'c', 'd'].map((task, i) =>
    answer(task, task === 'c' || i === 1 ? ' ' : `answer ${i}`),
  );
  for (let seed = 0; seed < 50; seed++) {
    const one = drawAnswers(labelled, { tasks: 9, compares: false, seed });
    expect(one.map((place) => labelled[place]!.task.id).sort()).toEqual(['a', 'b', 'd']);
    expect(one).not.toContain(1);
    // In the order of the file: who was compared with whom is told by it.
    expect(drawAnswers(labelled, { tasks: 9, compares: true, seed }).sort((a, b) => a - b)).toEqual([
      0, 1, 2, 3, 4,
    ]);
    expect(drawAnswers(labelled, { tasks: 1, compares: false, seed })).toHaveLength(1);
  }
  expect(drawAnswers(labelled, { tasks: 0, compares: false, seed: 1 })).toEqual([]);
});

test('comparisons are held against the same two answers, whatever way they are asked for', async () => {
  const named = async (prefers: (a: string, b: string, prompt: string) => boolean) => {
    const model: LanguageModel = {
      id: 'test:compares',
      version: '1',
      structuredOutput: false,
      generate: ({ messages }) => {
        const prompt = messages.map(({ content }) => content).join('\n');
        const of = (tag: string): string => new RegExp(`<${tag}>\n(.*)\n</${tag}>`).exec(prompt)![1]!;
        const id = [...prompt.matchAll(/reply id is (\w+)/g)].at(-1)![1];
        const winner = prefers(of('answer_a'), of('answer_b'), prompt) ? 'A' : 'B';
        const text = JSON.stringify({ id, evidence_a: '', evidence_b: '', reason: '', winner });
        return Promise.resolve({ text, finish: 'stop', inputTokens: 9, outputTokens: 30 });
      },
    };
    const dispatcher = createDispatcher({ concurrency: 4, timeout_seconds: 10, attempts: 1, seed: 1 });
    const settings = { kind: 'preference', model: 'local:test', objective: 'Which?', prefer: ['more'] };
    const { findings } = await validateJudge({
      judge: await openJudge(judgeSchema.parse(settings), {
        seed: 1,
        baseDir: '.',
        open: () => Promise.resolve({ model, fallbacks: [], dispatcher }),
      }),
      heldout: null,
      labelled: Array.from({ length: 40 }, (_, i) =>
        [3, 1, 2].map((worth) => ({
          ...answer(`t${i}`, `${worth} of ${i}`),
          labels: [{ score: worth / 3 }],
        })),
      ).flat(),
      regression: [],
      repeats: 2,
      probes: 0,
      variants: 30,
      gate: {},
      seed: 1,
      complete: true,
    });
    return (name: string): JudgeFinding => findings.find((one) => one.name === name)!;
  };
  const right = await named((a, b) => a > b);
  expect(right('variant_flips.reworded').estimate).toMatchObject({ mean: 0, n: 30 });
  expect(right('criteria_order')).toMatchObject({ threshold: null });
  const byWords = await named((a, b, prompt) => (prompt.includes('How to compare') ? a < b : a > b));
  expect(byWords('variant_flips.reworded').estimate).toMatchObject({ mean: 1, n: 30 });
  expect(byWords('label_kappa').estimate).toMatchObject({ mean: 1 });
});
