import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { NO_GATE, runSmall, STEPS, writeSmallRun } from '../small-run.testing.js';
import { nothingTaught } from './taught.js';

const folder = mkdtempSync(join(tmpdir(), 'touchstone-taught-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a run whose judge gives all the same says that it has learned nothing, however short it is', async () => {
  await writeSmallRun(folder);
  writeFileSync(
    join(folder, 'judge.mjs'),
    'export default (rollouts) => rollouts.map(() => ({ score: 0.25 }));',
  );
  const { alarms } = await runSmall(folder);
  expect(alarms).toEqual([
    NO_GATE,
    expect.stringMatching(
      new RegExp(`learned nothing: in every group of its ${STEPS} steps .* 0\\.250 in the mean`),
    ),
  ]);
});

test('of one group that taught something, or of steps that tell nothing of groups, nothing is said', () => {
  const steps = (...shares: (number | null)[]) =>
    shares.map((share) => ({ metrics: share === null ? {} : { zero_variance: share, reward: 0 } }));
  expect(nothingTaught(steps(1, 0.99))).toBeNull();
  expect(nothingTaught(steps(1, null))).toBeNull();
  expect(nothingTaught([])).toBeNull();
  expect(nothingTaught(steps(1))).toContain('0.000 in the mean');
});
