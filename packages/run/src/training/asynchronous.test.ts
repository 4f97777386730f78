import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRun } from '@touchstone/store';
import { afterAll, expect, test } from 'vitest';
import { figuresOf, runSmall, writeSmallRun } from '../small-run.testing.js';

const root = mkdtempSync(join(tmpdir(), 'touchstone-asynchronous-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Every answer that was trained on, with its reward. */
function answersOf(folder: string) {
  const store = openRun(join(folder, 'out'), { readOnly: true });
  try {
    return store.steps('train rft').flatMap(({ step }) => store.rollouts('train rft', step));
  } finally {
    store.close();
  }
}

test('asynchronous training that is killed goes on with the answers that were in flight, to the same end', async () => {
  const [whole, killed] = [join(root, 'whole'), join(root, 'killed')];
  await writeSmallRun(whole, 1, ({ training }) =>
    Object.assign(training, {
      steps: 6,
      checkpoint_every: 2,
      type: 'off_policy_async',
      age_tolerance: 2,
    }),
  );
  // Its folder as it is in the middle of a step that no checkpoint has.
  const expected = await runSmall(whole, (event) => {
    if (event.type === 'step' && event.step.step === 3) cpSync(whole, killed, { recursive: true });
  });
  expect(expected.steps.map(({ metrics }) => metrics['age'])).toEqual([0, 1, 2, 2, 2, 2]);
  expect(figuresOf(await runSmall(killed))).toEqual(figuresOf(expected));
  // The judge is asked about no other answers: what it said of them is in the cache.
  expect(answersOf(killed)).toEqual(answersOf(whole));
}, 60_000);
