import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TouchstoneError, type Summary } from '@touchstone/spec';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { failingDisk, type Fault } from './failing-disk.testing.js';
import { figuresOf, NO_GATE, runSmall, writeSmallRun } from './small-run.testing.js';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'touchstone-faults-')));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let expected: Summary;
beforeAll(async () => {
  await writeSmallRun(join(root, 'whole'));
  expected = await runSmall(join(root, 'whole'));
}, 120_000);

// A disk that fails (EIO) goes the way of one that is full.
test.each<[Fault, RegExp]>([
  ['ENOSPC', /cannot be \w+: the disk is full; make room.*run the same command again/],
  ['kill', /cannot be \w+: the disk failed.*run the same command again/],
])(
  '%s at each write, rename and sync of a run in turn: run again, it ends with the same summary',
  async (fault, message) => {
    const folder = join(root, fault);
    await writeSmallRun(folder);
    const disk = await failingDisk(join(folder, 'out'), fault, fault === 'ENOSPC');
    let summary: Summary | undefined;
    try {
      while (summary === undefined) {
        const before = disk.failed.size;
        try {
          summary = await runSmall(folder);
        } catch (error) {
          expect(TouchstoneError.is(error) && error.message).toMatch(message);
          expect(disk.failed.size).toBe(before + 1);
        }
        disk.restart();
      }
    } finally {
      disk.repair();
    }
    expect(summary.alarms).toEqual([NO_GATE]);
    expect(figuresOf(summary)).toEqual(figuresOf(expected));
    expect([...disk.failed].sort()).toEqual(
      expect.arrayContaining([
        'sync ',
        'sync .config.yaml',
        'rename .config.yaml',
        'writeFile .config.yaml',
        'writeFile checkpoints/.step/touchstone-manifest.json',
        'writeFile checkpoints/.step/trainer/state.json',
        'sync checkpoints/.step/model.safetensors',
        'sync checkpoints/.step/trainer',
        'rename checkpoints/.step',
        'sync checkpoints',
        ...(fault === 'ENOSPC'
          ? [
              'sync sft-checkpoints/.step/model.safetensors',
              'writeFile sft-checkpoints/.step/trainer/state.json',
              'rename sft-checkpoints/.step',
              'rm sft-checkpoints/step',
            ]
          : []),
        'rename .sft',
        'rename .summary.json',
      ]),
    );
  },
  240_000,
);
