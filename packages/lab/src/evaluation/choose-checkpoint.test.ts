import { expect, it } from 'vitest';
import { chooseCheckpoint, rankCheckpoints, type ScoredCheckpoint } from './choose-checkpoint.js';

/** Checkpoints 10, 20, … with the scores of four tasks each. */
const checkpoints = (...rows: number[][]): ScoredCheckpoint[] =>
  rows.map((row, i) => ({ step: 10 * (i + 1), scores: new Map(row.map((score, t) => [`t${t}`, score])) }));

it.each<[string, number[][], number, { step: number; highest: number; because: string }]>([
  [
    'a rise in every task: the last',
    [
      [0, 0, 0, 0],
      [0.5, 0.4, 0.5, 0.6],
      [0.9, 0.8, 1, 0.9],
    ],
    3,
    { step: 30, highest: 30, because: 'last' },
  ],
  [
    'noise: the last',
    [
      [0.4, 0.6, 0.5, 0.3],
      [0.6, 0.4, 0.5, 0.5],
      [0.5, 0.5, 0.4, 0.5],
    ],
    1,
    { step: 30, highest: 20, because: 'last' },
  ],
  [
    'a fall after the first: that is the one',
    [
      [0.9, 0.8, 1, 0.9],
      [0.5, 0.4, 0.5, 0.6],
      [0, 0, 0, 0],
    ],
    3,
    { step: 10, highest: 10, because: 'neighbours' },
  ],
  [
    'a lucky one, and one that is as good among good ones: that',
    [
      [0.9, 0.8, 1, 0.9],
      [0, 0, 0, 0],
      [0.7, 0.8, 0.8, 0.7],
      [0.85, 0.85, 1, 0.85],
      [0.7, 0.8, 0.8, 0.7],
      [0, 0, 0, 0],
    ],
    2,
    { step: 40, highest: 10, because: 'neighbours' },
  ],
  [
    'the same, and it is no longer there: the highest',
    [
      [0.9, 0.8, 1, 0.9],
      [0, 0, 0, 0],
      [0.7, 0.8, 0.8, 0.7],
      [0.85, 0.85, 1, 0.85],
      [0.7, 0.8, 0.8, 0.7],
      [0, 0, 0, 0],
    ],
    1,
    { step: 10, highest: 10, because: 'neighbours' },
  ],
  [
    'a peak that no other comes near, with bad neighbours: the peak',
    [
      [0.5, 0.5, 0.4, 0.5],
      [0.9, 0.8, 1, 0.9],
      [0, 0, 0, 0],
    ],
    3,
    { step: 20, highest: 20, because: 'neighbours' },
  ],
])('%s', (_, rows, kept, expected) => {
  expect(chooseCheckpoint(checkpoints(...rows), kept)).toMatchObject({ ...expected, of: rows.length });
});

it('leaves out what has no score, and a task that one of two lacks', () => {
  const [a, b] = checkpoints([0.2, 0.4, 0.3, 0.1], [0.8, 0.9, 0.7, 0.9]);
  const none = { step: 30, scores: new Map<string, number>() };
  expect(rankCheckpoints([a!, b!, none]).map(({ step }) => step)).toEqual([20, 10]);
  expect(chooseCheckpoint([none], 3)).toBeNull();
  const fewer = { step: 40, scores: new Map([['t0', 1]]) };
  expect(chooseCheckpoint([a!, b!, fewer], 3)).toMatchObject({ step: 40, difference: null });
});

it.each<[string, [task: string, score: number][], number]>([
  ['has no score', [], 2],
  [
    'has scores of other tasks',
    [
      ['t8', 0.1],
      ['t9', 0.2],
    ],
    3,
  ],
  ['has one task in common', [['t0', 0.1]], 3],
])('the last is kept where it %s, and is not called worse', (_, scores, of) => {
  const [a, b] = checkpoints([0.2, 0.4, 0.3, 0.1], [0.8, 0.9, 0.7, 0.9]);
  const last = { step: 30, scores: new Map(scores) };
  const choice = { step: 30, highest: 20, because: 'not-compared', difference: null, of, checkpoints: 3 };
  for (const all of [
    [a!, b!, last],
    [last, b!, a!],
  ])
    expect(chooseCheckpoint(all, 1)).toEqual(choice);
});

it('the last that is worse on the tasks in common is not kept, whatever its mean over others', () => {
  const [a, b] = checkpoints([0.7, 0.8, 0.6, 0.8], [0.3, 0.3, 0.2, 0.4]);
  b!.scores = new Map([...b!.scores, ['t8', 0.9]]);
  expect(chooseCheckpoint([a!, b!], 2)).toMatchObject({ step: 10, because: 'neighbours' });
});
