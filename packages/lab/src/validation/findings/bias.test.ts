import { random } from '@touchstone/spec';
import type { Criterion, LabelledAnswer } from '@touchstone/core';
import { expect, test } from 'vitest';

import { detailsOf } from '../details/index.js';
import { type Evidence, noEvidence } from '../evidence.js';
import { applyGate } from '../gate.js';
import { familyOf, familyWarnings } from '../model-family.js';
import type { Opinion } from '../readings.js';
import { baselines } from './baselines.js';
import { bias } from './bias.js';
import { calibration } from './calibration.js';
import { heldout } from './heldout.js';
import { FAMILIES } from './index.js';
import { panel } from './panel.js';
import { position } from './position.js';
import { reliability } from './reliability.js';

const score: Criterion = {
  name: 'Worth',
  question: 'How good is it?',
  scale: 'graded',
  anchors: { 0: 'bad', 100: 'good' },
  weight: 1,
};
const about = {
  criteria: [score],
  compares: false,
  models: ['x:claude-9'],
  hasHeldout: true,
  repeats: 5,
  variants: [],
};

interface Row {
  task: number;
  label: number;
  /** Scores of the repeats. */
  judge: number[];
  heldout?: number;
  length?: number;
  model?: string;
  members?: number[];
}

const opinion = (value: number, members?: number[]): Opinion => ({
  answer: { status: 'scored', score: value },
  verdicts: [
    { judge: 'j', key: 'k', raw: '', status: 'scored', score: value, mismatch: false, criteria: [] },
  ],
  ...(members && {
    members: members.map((one, i) => ({
      name: `m${i}`,
      answer: { status: 'scored' as const, score: one },
      usage: { calls: 0, saved: 0, inputTokens: 0, outputTokens: 0, money: 0 },
    })),
  }),
});

function evidence(rows: readonly Row[]): Evidence {
  const answers = rows.map(({ task, label, judge, heldout: other, length = 10, model, members }) => ({
    answer: {
      task: {
        id: `t${task}`,
        messages: [],
        reference: null,
        metadata: {},
      },
      response: 'x'.repeat(length),
      labels: [{ Worth: 100 * label }],
      ...(model !== undefined && { model }),
    } satisfies LabelledAnswer,
    repeats: judge.map((value) => opinion(value, members)),
    heldout: other === undefined ? null : opinion(other),
  }));
  return { ...noEvidence(about), answers };
}

const figures = (find: (typeof FAMILIES)[number]['find'], known: Evidence) =>
  Object.fromEntries(find(known, 1).map((finding) => [finding.name, finding.estimate]));

/** Answers to 60 tasks, four each, of any worth. */
function drawn(row: (worth: number, draw: ReturnType<typeof random>) => Omit<Row, 'task' | 'label'>): Row[] {
  const draw = random(7, 'rows');
  return Array.from({ length: 240 }, (_, i) => {
    const label = draw.next();
    return { task: Math.floor(i / 4), label, ...row(label, draw) };
  });
}

test('every family names all its findings on no evidence, each once, and none has a figure then', () => {
  const all = FAMILIES.flatMap(({ find }) => find(noEvidence(about), 1));
  expect(all.filter(({ estimate }) => estimate !== null)).toEqual([]);
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
});

test('noise of a known size is measured: reliability, error, change, repeats and what is undecided', () => {
  const noise = 0.1;
  const rows = drawn((worth, { normal }) => ({
    judge: Array.from({ length: 5 }, () => worth + noise * normal()),
  }));
  const found = figures(reliability, evidence(rows));
  const variance = 1 / 12; // of a uniform worth
  const icc = variance / (variance + noise ** 2);
  expect(found['score_icc']!.low).toBeLessThan(icc);
  expect(found['score_icc']!.high).toBeGreaterThan(icc);
  expect(found['score_error']!.mean).toBeCloseTo(noise, 1);
  expect(found['smallest_change']!.mean).toBeCloseTo(2.772 * found['score_error']!.mean, 3);
  expect(found['repeats_needed']!.mean).toBe(1);
  // Worths within 1.96 · 0.1 / √5 of one half, on either side.
  expect(found['undecided']!.mean).toBeCloseTo(2 * 0.0877, 1);
});

test('a judge that pays for length is told from one that pays for worth, where length and worth go together', () => {
  const length = (worth: number, next: () => number): number => Math.round(50 + 100 * (worth + next()));
  const fair = drawn((worth, { next }) => ({ judge: [worth], length: length(worth, next) }));
  const paying = fair.map((row) => ({ ...row, judge: [row.length! / 300] }));
  const [a, b] = [figures(bias, evidence(fair)), figures(bias, evidence(paying))];
  expect(a['length_bias']!.mean).toBe(0);
  expect(b['length_bias']!.low).toBeGreaterThan(0.1);
  expect(b['length_correlation']!.low).toBeGreaterThan(0.8);
  expect(Math.abs(a['length_correlation']?.mean ?? 0)).toBeLessThan(0.1);
  const known = figures(baselines, evidence(paying));
  expect(known['order_gain']).toMatchObject({ mean: 0 });
  expect(figures(baselines, evidence(fair))['order_gain']!.low).toBeGreaterThan(0.1);
  expect(figures(baselines, evidence(fair))['length_order_accuracy']!.mean).toBeGreaterThan(0.7);
});

test('what a family of models gives its own is seen beside what it gives others', () => {
  const rows = drawn((worth, { next }) => {
    const model = next() < 0.5 ? 'x:claude-8' : 'y:qwen3-4b';
    return { judge: [worth + (model === 'x:claude-8' ? 0.2 : 0)], model };
  });
  expect(figures(bias, evidence(rows))['self_preference']!.mean).toBeCloseTo(0.2, 9);
  expect(
    figures(bias, evidence(rows.map((row) => ({ ...row, model: 'qwen' }))))['self_preference'],
  ).toBeNull();
  expect(familyOf('bedrock:us.amazon.nova-lite-v1:0')).toBe('Nova');
  expect(familyOf('local:models/renovated')).toBeUndefined();
  const warned = familyWarnings({ judge: ['a:gpt-5'], heldout: ['b:GPT-4o'], policy: ['local:llama'] });
  expect(warned).toEqual([expect.stringMatching(/judge and the held-out judge .*may err alike \(GPT\)/)]);
});

test('a score that means a chance is calibrated; one that is always sure is not, and a map mends it without a look', () => {
  const draw = random(9, 'chance');
  const chances = Array.from({ length: 400 }, (_, i) => ({ task: Math.floor(i / 4), chance: draw.next() }));
  const honest = chances.map(({ task, chance }) => ({
    task,
    label: Number(draw.next() < chance),
    judge: [chance],
  }));
  const sure = honest.map((row) => ({ ...row, judge: [row.judge[0]! < 0.5 ? 0.01 : 0.99] }));
  const [a, b] = [figures(calibration, evidence(honest)), figures(calibration, evidence(sure))];
  expect(a['calibration_error']!.mean).toBeLessThan(0.1);
  expect(a['brier']!.mean).toBeCloseTo(1 / 6, 1); // ∫ p (1 − p)
  expect(b['calibration_error']!.low).toBeGreaterThan(0.15);
  expect(b['calibration_error.mapped']!.mean).toBeLessThan(0.1);
  const { reliability: diagram } = detailsOf(evidence(sure), 1);
  expect(diagram.map(({ map, bins }) => [map, bins.length])).toEqual([
    ['none', 2],
    ['isotonic', expect.any(Number)],
  ]);
});

test('a held-out judge that is shifted correlates and does not agree', () => {
  const rows = drawn((worth) => ({ judge: [worth], heldout: worth / 2 }));
  const found = figures(heldout, evidence(rows));
  expect(found['heldout_correlation']!.mean).toBeCloseTo(1, 12);
  expect(found['heldout_concordance']!.high).toBeLessThan(0.7);
  expect(detailsOf(evidence(rows), 1).heldout_difference!.shift).toBeCloseTo(0.25, 1);
});

test('members that err together are one judge, those that err apart are several', () => {
  const errs = (wrong: boolean, worth: number): number => (wrong ? 1 - worth : worth);
  const together = drawn((worth, { next }) => {
    const wrong = next() < 0.2;
    return { judge: [worth], members: [errs(wrong, worth), errs(wrong, worth)] };
  });
  const apart = drawn((worth, { next }) => ({
    judge: [worth],
    members: [errs(next() < 0.2, worth), errs(next() < 0.2, worth)],
  }));
  expect(figures(panel, evidence(together))['effective_judges']!.mean).toBeCloseTo(1, 6);
  expect(figures(panel, evidence(apart))['effective_judges']!.low).toBeGreaterThan(1.5);
});

test('best of n: what picking is worth rises with a judge that is right, and falls with one that likes the worst', () => {
  const right = detailsOf(evidence(drawn((worth) => ({ judge: [worth] }))), 1).best_of_n;
  expect(right.map(({ n }) => n)).toEqual([1, 2, 3, 4]);
  expect(right.map(({ label }) => label!.mean)).toEqual(right.map(({ judge }) => judge!.mean));
  expect(right[0]!.kl).toBe(0);
  expect(right[3]!.kl).toBeCloseTo(Math.log(4) - 3 / 4, 12);
  expect(right[3]!.label!.mean).toBeCloseTo(4 / 5, 1); // the expected maximum of four
  const wrong = detailsOf(evidence(drawn((worth) => ({ judge: [1 - worth] }))), 1).best_of_n;
  expect(wrong[3]!.label!.mean).toBeCloseTo(1 / 5, 1);
  expect(wrong[3]!.judge!.mean).toBeGreaterThan(wrong[0]!.judge!.mean);
});

/** 40 tasks of two answers that are compared in both orders, with how each ends. */
function compared(
  outcome: (task: number) => { outcome: 'win' | 'inconsistent'; preferred?: 'first' | 'second' },
): Evidence {
  const answers = Array.from({ length: 40 }, (_, task) =>
    [0, 1].map((i) => {
      const end = outcome(task);
      const isLost = end.outcome === 'win' && i === 1;
      return {
        answer: {
          task: { id: `t${task}`, messages: [], reference: null, metadata: {} },
          response: `${i}`,
          labels: [{ score: 1 - i }],
        } satisfies LabelledAnswer,
        repeats: [
          {
            answer: { status: 'scored' as const, score: isLost ? 0 : 0.5 },
            verdicts: [
              {
                status: 'scored' as const,
                judge: 'j',
                key: 'k',
                raw: '',
                against: [String(1 - i)],
                score: isLost ? 0 : 1,
                criteria: [],
                mismatch: false,
                ...end,
                ...(isLost ? { outcome: 'loss' as const } : {}),
              },
            ],
          },
        ],
        heldout: null,
      };
    }),
  ).flat();
  return { ...noEvidence({ ...about, criteria: [], compares: true }), answers };
}

test('a judge that answers by place fails for it; one that is sometimes unsure passes', () => {
  const first = compared(() => ({ outcome: 'inconsistent', preferred: 'first' }));
  const unsure = compared((task) =>
    task % 10 === 0
      ? { outcome: 'inconsistent', preferred: task % 20 === 0 ? 'first' : 'second' }
      : { outcome: 'win' },
  );
  const held = (known: Evidence) =>
    applyGate(
      position(known).map((finding) => ({ ...finding, family: '' })),
      {},
    ).findings;
  expect(held(first)[0]).toMatchObject({ outcome: 'fail', estimate: { mean: 0 } });
  expect(held(unsure)[0]).toMatchObject({ outcome: 'pass', estimate: { mean: 0.9 } });
  expect(held(first).slice(1)).toMatchObject([{ estimate: { mean: 1 } }, { estimate: { mean: 1 } }]);
  expect(held(unsure)[2]).toMatchObject({ estimate: { mean: 0 } });
  // A ranking has no two orders: nothing is asked of it.
  const ranked = { ...first, answers: first.answers.map((one) => ({ ...one, repeats: [opinion(0.5)] })) };
  expect(held(ranked)[0]!.threshold).toBeNull();
});
