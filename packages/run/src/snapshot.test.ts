import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, openWorkspace, runPipeline } from './index.js';
import { STEPS, writeSmallRun } from './small-run.testing.js';
import { readSnapshot, type RunSnapshot } from './snapshot.js';

describe('a run from beside', () => {
  const folder = mkdtempSync(join(tmpdir(), 'touchstone-watch-'));
  const seen: Promise<RunSnapshot>[] = [];
  beforeAll(async () => {
    await writeSmallRun(folder);
    const workspace = await openWorkspace(await loadConfig(folder));
    await runPipeline(workspace, {
      reasons: { noGate: 'only a test' },
      onEvent: ({ type }) => {
        if (type === 'step') seen.push(readSnapshot(join(folder, 'out'), Date.now()));
      },
    });
    workspace.store.close();
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is read while it goes on', async () => {
    const [first] = await Promise.all(seen);
    expect(first!.stage?.title).toMatch(/^3 of \d, Reinforcement fine-tuning$/);
    expect(first!.finished.map(({ name }) => name)).toEqual(['judge', 'evaluate base']);
    expect(first!.steps.length).toBeGreaterThanOrEqual(1);
    expect(first).toMatchObject({ isAtWork: true, stepsWanted: STEPS });
    expect(first!.answers).toHaveLength(4);
    const scores = first!.answers.map(({ score }) => score!);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  });

  it('is read when it has ended', async () => {
    const last = await readSnapshot(join(folder, 'out'), Date.now());
    expect(last).toMatchObject({ name: 'small', isAtWork: false, stage: null, paid: [] });
    expect(last.steps).toHaveLength(STEPS);
  });

  it('is refused where there is none, or something else', async () => {
    await expect(readSnapshot(folder, 0)).rejects.toThrow(/config\.yaml: expected the folder of a run/);
    writeFileSync(join(folder, 'config.yaml'), 'name: mine');
    await expect(readSnapshot(folder, 0)).rejects.toThrow(/not what a run writes/);
  });
});
