import { expect, test } from 'vitest';
import { checkpointText, type ChosenCheckpoint } from './training-summary.js';

const chosen: ChosenCheckpoint = {
  step: 8,
  highest: 5,
  of: 5,
  checkpoints: 8,
  because: 'not-compared',
  difference: null,
  tasks: 3,
  silent: 14,
  scored_by: 'held-out judge',
};

test('a last checkpoint that could not be compared is not called worse, and what has no score is counted', () => {
  expect(checkpointText(chosen)).toBe(
    'step 8, the last: it could not be compared with the highest of 5 checkpoints with a score (of 8), step 5, on 3 validation tasks, ' +
      'scored by the held-out judge (14 of 24 answers have no score): fewer than two tasks have a score of both.',
  );
});

test('where all were scored, and in older files, there is one count', () => {
  const last: ChosenCheckpoint = { ...chosen, highest: 8, of: 8, because: 'last', silent: 0 };
  for (const one of [last, { ...last, checkpoints: null, silent: null }]) {
    expect(checkpointText(one)).toBe(
      'step 8, the last, which scores highest of 8 checkpoints on 3 validation tasks, scored by the held-out judge.',
    );
  }
});
