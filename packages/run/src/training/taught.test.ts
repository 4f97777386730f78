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
      new RegExp(`learned nothing\\. In every group of its ${STEPS} steps .* 0\\.250 in the mean`),
    ),
  ]);
});

test('of one group that taught something, or of steps that tell nothing, nothing is said', () => {
  const steps = (...shares: (number | null)[]) =>
    shares.map((share) => ({ metrics: share === null ? {} : { zero_variance: share, reward: 0 } }));
  expect(nothingTaught(steps(1, 0.99))).toBeNull();
  expect(nothingTaught(steps(1, null))).toBeNull();
  expect(nothingTaught([])).toBeNull();
  expect(nothingTaught(steps(1))).toContain('0.000 in the mean');
});

test('weights that other terms have moved are told from those that nothing has, and silence from sameness', () => {
  const step = (metrics: Record<string, number>) => [{ metrics: { reward: 0.5, ...metrics } }];
  expect(nothingTaught(step({ zero_variance: 1, grad_norm: 0.2 }))).toMatch(
    /^The judge has taught .* other terms/,
  );
  // Rewards that differ by less than DPO's margin make no pair.
  expect(nothingTaught(step({ zero_variance: 0, grad_norm: 0 }))).toMatch(/learned nothing\. The gradient/);
  expect(nothingTaught(step({ zero_variance: 0, grad_norm: 0.1 }))).toBeNull();
  expect(nothingTaught(step({ zero_variance: 1, grad_norm: 0, abstained: 18 }))).toMatch(
    /18 answers have none/,
  );
});
