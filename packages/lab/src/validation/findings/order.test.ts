import type { LabelledAnswer } from '@touchstone/core';
import { expect, test } from 'vitest';

import { noEvidence, type Evidence } from '../evidence.js';
import type { Opinion } from '../readings.js';
import { order } from './order.js';

const opinion = (score: number): Opinion => ({
  answer: { status: 'scored', score },
  verdicts: [{ judge: 'j', key: 'k', raw: '', status: 'scored', score, mismatch: false, criteria: [] }],
});

/** One task for each list of what the label, the judge and the held-out judge say of its answers. */
function evidence(tasks: [label: number, judge: number, heldout: number][][]): Evidence {
  const answers = tasks.flatMap((task, i) =>
    task.map(([score, judge, heldout], j) => ({
      answer: {
        task: { id: `t${i}`, messages: [], reference: null, metadata: {} },
        response: `${j}`,
        labels: [{ score }],
      } satisfies LabelledAnswer,
      repeats: [opinion(judge)],
      heldout: opinion(heldout),
    })),
  );
  return {
    ...noEvidence({ criteria: [], compares: false, models: [], hasHeldout: true, repeats: 1, variants: [] }),
    answers,
  };
}

const means = (tasks: [number, number, number][][]) =>
  Object.fromEntries(
    order(evidence(tasks)).flatMap(({ name, estimate }) => (estimate ? [[name, estimate.mean]] : [])),
  );

test('what counts is the order within a task, however right a judge is across tasks', () => {
  // Hard tasks below easy ones, every task backwards.
  const backwards = Array.from({ length: 30 }, (_, i): [number, number, number][] => [
    [i / 100, i / 100 + 0.02, i / 100],
    [i / 100 + 0.02, i / 100, i / 100 + 0.02],
  ]);
  expect(means(backwards)).toEqual({
    order_accuracy: 0,
    'order_accuracy.against_length': 0,
    order_tau: -1,
    heldout_order_accuracy: 0,
    heldout_order_tau: -1,
    spread: 1,
  });
});

test('scores that differ by rounding alone are a tie', () => {
  const task: [number, number, number][] = [
    [0.3, 0.6, 0.1 + 0.2],
    [0.1 + 0.2, 0.4, 0.3],
    [1, 0.1 + 0.2 + 0.3, 0.6],
  ];
  // Only the third answer is apart by its label: above the second, and level with the first. The held-out judge says the same.
  expect(means(Array.from({ length: 30 }, () => task))).toMatchObject({
    order_accuracy: 0.75,
    heldout_order_accuracy: 0.75,
  });
});

test('a tie of the judge counts one half; a tie of the label counts nothing', () => {
  const ties: [number, number, number][][] = [
    [
      [1, 0.5, 0],
      [0, 0.5, 0],
      [0, 0.5, 1],
    ],
    [
      [1, 1, 1],
      [1, 0, 0],
      [0, 0, 0],
    ],
  ];
  const found = means(ties);
  // The first task: two pairs, both ties. The second: right, and a tie.
  expect(found['order_accuracy']).toBe((0.5 + 0.5 + 1 + 0.5) / 4);
  expect(found['spread']).toBe(0.5);
});

test('a constant judge teaches nothing, and labels without two worths a task say nothing', () => {
  const constant = Array.from({ length: 30 }, (): [number, number, number][] => [
    [1, 0.7, 1],
    [0, 0.7, 0],
  ]);
  expect(means(constant)).toEqual({
    order_accuracy: 0.5,
    'order_accuracy.against_length': 0.5,
    order_tau: 0,
    heldout_order_accuracy: 0.5,
    heldout_order_tau: 0,
    spread: 0,
  });
  expect(means(constant.map(([first]) => [first!, first!]))).toEqual({});
});
